"""Databases to measure in: one server with the same settings for all, and a fresh clone for each measurement."""

import os
import platform
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from duplication.local.embedded import Server

HERE = Path(__file__).resolve().parent
SETTINGS = {
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    # it would run during whichever measurement its minute falls into, and take away the dead rows that are counted
    "autovacuum": "off",
}
TINY_SETTINGS = SETTINGS | {"fsync": "off"}
"""Where only tiny shapes are copied, waiting for the disk is most of the time."""
CLOCK = "select 'the clock says ' || extract(epoch from clock_timestamp())"
MEMORY = r"\! grep VmHWM /proc/$PPID/status"
"""Has psql tell its own peak: what wait4() tells counts the parent's memory too, from before exec()."""


def database_dsn(server: Server, name: str, **changes: str | int) -> str:
    """Return the DSN of another database of the server, with other changes to it if any (port …)."""
    return make_conninfo(server.dsn, dbname=name, **changes)


@contextmanager
def cloned(server: Server, source: str, name: str = "clone") -> Iterator[str]:
    """Clone a database, and yield the clone's name; after the block it is gone, whoever is still connected to it."""
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        # by files: the default writes all of it to the WAL first
        connection.execute(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(source)
            )
        )
        try:
            connection.execute("checkpoint")
            yield name
        finally:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def time_in_clone(server: Server, work: Callable[[str], object], source: str = "source") -> float:
    """Return the seconds that work takes on a fresh clone of a database; it is given the clone's DSN."""
    with cloned(server, source) as name:
        start = time.perf_counter()
        work(database_dsn(server, name))
        return time.perf_counter() - start


def psql_command(server: Server, dsn: str, *arguments: str) -> list[str]:
    """Return the command that runs psql with these arguments, without a person's own settings; errors are fatal."""
    return [str(server.bindir / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn, *arguments]


def run_psql(server: Server, dsn: str, *arguments: str) -> str:
    """Run psql to its end; returns what it printed. Raises CalledProcessError, with a note of what psql said."""
    done = subprocess.run(psql_command(server, dsn, *arguments), check=False, capture_output=True, text=True, cwd="/")
    check_psql(done.args, done.returncode, done.stderr)
    return done.stdout


def run_psql_at_once(server: Server, dsn: str, sessions: int, *arguments: str) -> list[str]:
    """Run the same psql so many times at once, to the end of all; returns what they printed. Raises as run_psql."""
    command = psql_command(server, dsn, *arguments)
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/")
        for _ in range(sessions)
    ]
    said = [one.communicate() for one in running]
    for one, (_, errors) in zip(running, said, strict=True):
        check_psql(command, one.returncode, errors)
    return [output for output, _ in said]


def check_psql(command: list[str], returncode: int, errors: str) -> None:
    """Raise CalledProcessError with what psql said, if it failed."""
    if returncode:
        error = subprocess.CalledProcessError(returncode, command, stderr=errors)
        error.add_note(errors)
        raise error


def read_clock(said: str) -> tuple[float, float]:
    """Return what the server's clock said first and last, in seconds."""
    times = [float(found) for found in re.findall(r"the clock says ([0-9.]+)", said)]
    return times[0], times[-1]


def read_peak_mb(said: str) -> float | None:
    """Return the peak in a process's status (VmHWM), in megabytes; None where the kernel does not tell."""
    found = re.search(r"VmHWM:\s+([0-9]+) kB", said)
    return int(found[1]) / 1024 if found else None


def server_version(server: Server) -> str:
    """Return the server's version, as it calls itself."""
    with psycopg.connect(server.dsn) as connection:
        row = connection.execute("select current_setting('server_version')").fetchone()
    return str(row[0]) if row else "?"


def describe_machine(server: Server) -> str:
    """Return processors, kernel and PostgreSQL version in a line."""
    machine = f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}"
    return f"{machine}, PostgreSQL {server_version(server)}, Python {platform.python_version()}"

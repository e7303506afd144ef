"""Measures a wide copy against the plain statements, in turn, and writes docs/benchmarks.md.

Each measurement has a database of its own, cloned from one that holds the source, so that none sees what another left
behind. Ratios are taken round by round: they hold when the machine's speed drifts.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg import sql

from duplication.embedded import Server, postgres_server
from duplication.engine import Engine
from duplication.migrations import migrate

HERE = Path(__file__).parent
REPORT = HERE.parent / "docs" / "benchmarks.md"
SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "8GB", "checkpoint_timeout": "1h"}
# The peak as the process itself sees it: what wait4() tells counts the parent's memory too, from before exec().
MEASURED_DRIVER = """
import re, sys
from pathlib import Path
from duplication.cli import main
try:
    main()
finally:
    print(re.search(r"VmHWM:\\s+([0-9]+)", Path("/proc/self/status").read_text())[1], file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """How many children each row has."""

    parts: int
    items: int
    blocks: int

    @property
    def rows(self) -> int:
        """Return the number of blocks."""
        return self.parts * self.items * self.blocks


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds of one round, and the driver's peak memory."""

    plain: float
    call: float
    driver: float
    driver_mb: float


def database_dsn(server: Server, name: str) -> str:
    """Return the DSN of another database of the server."""
    return server.dsn.rsplit("/", 1)[0] + "/" + name


def make_source(server: Server, shape: Shape) -> str:
    """Create the database `source` with an episode of that shape, vacuumed and analyzed; returns the episode's key."""
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute("create database source")
    dsn = database_dsn(server, "source")
    migrate(dsn, with_content=True)
    with Engine.connect(dsn) as engine:
        key = engine.load_sample_episode(shape.parts, shape.items, shape.blocks)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("vacuum (analyze)")
    return key


def time_in_clone(server: Server, work: Callable[[str], None], source: str = "source") -> float:
    """Return the seconds that work takes on a fresh clone of a database; it is given the clone's DSN."""
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("create database clone template {}").format(sql.Identifier(source)))
        try:
            connection.execute("checkpoint")
            start = time.perf_counter()
            work(database_dsn(server, "clone"))
            return time.perf_counter() - start
        finally:
            connection.execute("drop database clone with (force)")


def run_psql(server: Server, dsn: str, *arguments: str) -> None:
    """Run psql to its end; raises CalledProcessError."""
    subprocess.run(
        [server.bindir / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn, *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def run_driver(dsn: str, key: str) -> float:
    """Copy with `duplication duplicate`; returns the process's peak memory in megabytes."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED_DRIVER, "duplicate", "episode", key],
        env={**os.environ, "DUPLICATION_DSN": dsn},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    return int(done.stderr.split()[-1]) / 1024


def measure_round(server: Server, key: str) -> Round:
    """Take each way once."""
    memory: list[float] = []
    script = str(HERE / "plain_statements.sql")
    return Round(
        plain=time_in_clone(server, lambda dsn: run_psql(server, dsn, "-v", f"key={key}", "-f", script)),
        call=time_in_clone(
            server, lambda dsn: run_psql(server, dsn, "-c", f"call duplication.duplicate('episode', '{key}')")
        ),
        driver=time_in_clone(server, lambda dsn: memory.append(run_driver(dsn, key))),
        driver_mb=memory[0],
    )


def describe_machine(server: Server) -> str:
    """Return processors, kernel and PostgreSQL version in a line."""
    with psycopg.connect(server.dsn) as connection:
        row = connection.execute(sql.SQL("select current_setting('server_version')")).fetchone()
    version = row[0] if row else "?"
    machine = f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}"
    return f"{machine}, PostgreSQL {version}, Python {platform.python_version()}"


def write_table(shape: Shape, machine: str, rounds: list[Round]) -> str:
    """Return one version's results as Markdown."""

    def row(name: str, seconds: list[float], ratios: list[float], memory: str = "") -> str:
        spread = f"{min(ratios):.2f}–{max(ratios):.2f}"
        return f"| {name} | {statistics.median(seconds):.2f} | {statistics.median(ratios):.2f} | {spread} | {memory} |"

    peak = max(r.driver_mb for r in rounds)
    lines = [
        f"### {machine}",
        "",
        f"{shape.rows:,} blocks under {shape.parts * shape.items:,} items under {shape.parts} parts; "
        f"{len(rounds)} rounds, medians.",
        "",
        "| way | seconds | time / plain statements | from–to | peak memory of the client |",
        "|---|---|---|---|---|",
        row("four plain `INSERT … SELECT`, psql", [r.plain for r in rounds], [1.0 for _ in rounds]),
        row("`call duplication.duplicate(…)`, psql", [r.call for r in rounds], [r.call / r.plain for r in rounds]),
        row(
            "`duplication duplicate`",
            [r.driver for r in rounds],
            [r.driver / r.plain for r in rounds],
            f"{peak:.0f} MB",
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure on the embedded server, or on that of PG_BINDIR, and print or write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", type=int, default=100)
    parser.add_argument("--items", type=int, default=50)
    parser.add_argument("--blocks", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help=f"add the table to {REPORT.name}")
    options = parser.parse_args()
    shape = Shape(options.parts, options.items, options.blocks)
    with TemporaryDirectory(prefix="duplication-bench-", dir="/tmp") as directory:
        home = Path(directory)
        home.chmod(0o755)
        with postgres_server(home, None, **SETTINGS) as server:
            key = make_source(server, shape)
            rounds = [measure_round(server, key) for _ in range(options.rounds)]
            table = write_table(shape, describe_machine(server), rounds)
    print(table)
    if options.write:
        REPORT.write_text(REPORT.read_text(encoding="utf-8") + "\n" + table, encoding="utf-8")


if __name__ == "__main__":
    main()

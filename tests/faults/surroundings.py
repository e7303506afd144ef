"""What some faults need around them: another clock, a small disk, a pooler."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from duplication.local.embedded import find_free_port
from duplication.local.processes import find_unprivileged_user
from tests.faults.farm import Farm
from tests.support.server import CrashServer
from tests.support.waiting import eventually

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
BUSY = """
create or replace function public.take_time() returns trigger language plpgsql
as $$ begin perform count(*) from generate_series(1, 50000); return new; end $$
"""
"""pg_sleep goes by the clock: moved back, it would sleep until the old time returns."""


@contextlib.contextmanager
def clock_that_can_be_moved(home: Path) -> Iterator[CrashServer]:
    """A server that takes the time from a file."""
    if not FAKETIME.exists():
        pytest.skip("libfaketime is not installed")
    clock = home / "clock"
    clock.write_text("+0\n")
    clock.chmod(0o644)
    own = {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"}
    own |= {"FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    os.environ.update(own)
    try:
        server = CrashServer(home)
    finally:
        for name in own:
            del os.environ[name]
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def small_disk(home: Path) -> Iterator[Path]:
    """A file system of some megabytes that the server may write to."""
    place = home / "full"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no small file system can be made here: {made.stderr.strip()}")
    try:
        user = find_unprivileged_user()
        if user is not None:
            os.chown(place, user.uid, user.gid)
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


@contextlib.contextmanager
def level_on(farm: Farm, place: Path) -> Iterator[None]:
    """The last level's table is on that file system, with room for what there is and little more."""
    (place / "data").mkdir()
    owner = place.stat()
    os.chown(place / "data", owner.st_uid, owner.st_gid)
    farm.tell(f"create tablespace small location '{place / 'data'}'")
    farm.tell("alter table public.blocks set tablespace small")
    try:
        yield
    finally:
        farm.tell("alter table public.blocks set tablespace pg_default")
        farm.tell("drop tablespace small")


@contextlib.contextmanager
def pooler_before(server: CrashServer, home: Path) -> Iterator[int]:
    """pgbouncer in transaction mode, with fewer sessions than it has clients; yields its port."""
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    address, port = conninfo_to_dict(server.server.dsn), find_free_port()
    settings = home / "pgbouncer.ini"
    settings.write_text(f"""
[databases]
* = host=127.0.0.1 port={server.server.port} user={address["user"]}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 6
""")
    settings.chmod(0o644)
    user = find_unprivileged_user()
    with (home / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen(
            [program, settings], cwd="/", stdout=log, stderr=log, user=user.uid if user else None
        )
    try:
        eventually(lambda: can_connect(server, port), "the pooler answers")
        yield port
    finally:
        process.terminate()
        process.wait()


def can_connect(server: CrashServer, port: int) -> bool:
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(server.server.dsn, port=port):
        return True
    return False


def restored_from_a_dump(farm: Farm) -> None:
    """A dump of the middle is restored and adopted. Copies go on there; jobs of the first database are left alone."""
    dump = farm.home / "dump.sql"
    run(farm, "pg_dump", farm.dsn, "-f", str(dump))
    for station in farm.stations:
        station.kill()
    restored = f"{conninfo_to_dict(farm.dsn)['dbname']}_restored"
    farm.tell(f"create database {restored} template template0")
    farm.dsn = make_conninfo(farm.dsn, dbname=restored)
    run(farm, "psql", farm.dsn, "-q", "-v", "ON_ERROR_STOP=1", "-f", str(dump))
    before = farm.ask("select id from _duplication.installation")
    assert farm.ask("select duplication.adopt()") != before
    for station in farm.stations:
        station.connect_to(farm.dsn)
        station.start()


def through_a_pooler(farm: Farm) -> None:
    """Each statement may run in another backend. A call is one statement; a lease names the latest call's backend."""
    farm.wait_for_the_end()


def run(farm: Farm, program: str, dsn: str, *arguments: str) -> None:
    known = {name: str(conninfo_to_dict(dsn)[name]) for name in ("host", "port", "user", "dbname")}
    target = " ".join(f"{name}={value}" for name, value in known.items())
    done = subprocess.run(
        [farm.server.server.bindir / program, "-d", target, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

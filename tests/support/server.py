"""Private PostgreSQL servers for the tests: one per worker, and some that a test may crash."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from duplication import migrations
from duplication.local.embedded import Server, postgres_server

# Nothing here outlives the run, so nothing has to reach the disk. An immediate stop loses no more for it: what was
# written is in the operating system's cache.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_connections": "60",
    "statement_timeout": "30s",
    "shared_preload_libraries": "pg_stat_statements",
}
TEMPLATE = "migrated"


@contextlib.contextmanager
def temporary_home() -> Iterator[Path]:
    """A directory that the server's operating system user can reach, gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="duplication-tests-"))
    home.chmod(0o755)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def migrate(*, host: str, port: int, user: str, dbname: str, **_: object) -> None:
    """Bring an empty database to the head of both branches."""
    dsn = make_conninfo(host=host, port=port, user=user, dbname=dbname)
    migrations.migrate(dsn, with_content=True)
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("create extension if not exists pg_stat_statements")
        # no key of one level is a key of another, so that one taken for the other shows
        for n, table in enumerate(("episodes", "parts", "items", "blocks"), start=1):
            conn.execute(f"alter table public.{table} alter id restart with {n}000001")


@contextlib.contextmanager
def standby_of(primary: Server, home: Path, **settings: str) -> Iterator[Server]:
    """A server that follows another one, which lets it: with `wal_level` replica and a `max_wal_senders`."""
    owner = primary.data.stat().st_uid
    os.chown(home, owner, -1)
    subprocess.run(
        [primary.bindir / "pg_basebackup", "-D", home / "data", "-R", "-X", "stream", "-c", "fast", "-d", primary.dsn],
        cwd="/",
        check=True,
        capture_output=True,
        user=owner if os.geteuid() != owner else None,
    )
    with postgres_server(home, None, **settings) as server:
        yield server


class CrashServer:
    """A server of the test's own, to stop the hard way and start again.

    What is committed stays, unless who commits it says otherwise.
    """

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        self.settings = SETTINGS | {"synchronous_commit": "on"} | settings
        self._port: int | None = None
        self._running = contextlib.ExitStack()
        self._databases = 0
        self.start()
        self._make_template()

    def start(self) -> None:
        context = postgres_server(self.home, self._port, **self.settings)
        self.server: Server = self._running.enter_context(context)
        self._port = self.server.port

    def crash(self) -> None:
        """`pg_ctl stop -m immediate`: every backend is gone at once, the next start recovers from the log."""
        owner = self.server.data.stat().st_uid
        subprocess.run(
            [self.server.bindir / "pg_ctl", "stop", "-D", self.server.data, "-m", "immediate"],
            cwd="/",
            check=True,
            capture_output=True,
            user=owner if os.geteuid() != owner else None,
        )
        self.close()

    def close(self) -> None:
        self._running.close()

    def new_database(self) -> str:
        """The connection string of a fresh clone of the migrated database."""
        self._databases += 1
        name = f"crash_{self._databases}"
        with psycopg.connect(self.server.dsn, autocommit=True) as conn:
            conn.execute(f"create database {name} template {TEMPLATE}")
        return make_conninfo(self.server.dsn, dbname=name)

    def _make_template(self) -> None:
        with psycopg.connect(self.server.dsn, autocommit=True) as conn:
            conn.execute(f"create database {TEMPLATE}")
        parts = conninfo_to_dict(self.server.dsn)
        migrate(host=str(parts["host"]), port=self.server.port, user=str(parts["user"]), dbname=TEMPLATE)

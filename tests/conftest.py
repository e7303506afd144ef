"""One private server per worker, migrated once into a template; a fresh clone of it for every test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from pytest_postgresql import factories

from duplication.local.embedded import postgres_server
from tests.support import server as servers
from tests.support.aliases import Connection
from tests.support.content import make_episode
from tests.support.server import CrashServer


def pytest_report_header() -> str:
    return f"PostgreSQL: {os.environ.get('PG_BINDIR') or 'the embedded one'}"


@pytest.fixture(scope="session")
def pg_server() -> Iterator[SimpleNamespace]:
    """One private server for the whole run (of one worker), named as pytest-postgresql wants it."""
    with servers.temporary_home() as home, postgres_server(home, None, **servers.SETTINGS) as server:
        address = conninfo_to_dict(server.dsn)
        yield SimpleNamespace(
            host=address["host"],
            port=server.port,
            user=address["user"],
            password="",
            options="",
            maintenance_dbname="postgres",
            template_dbname=None,
            bindir=server.bindir,
        )


pg_template = factories.postgresql_noproc(depends_on="pg_server", load=[servers.migrate])
pg = factories.postgresql("pg_template")


@pytest.fixture
def db(pg: Connection) -> Connection:
    """The test's own database: migrated, empty, and gone afterwards. Every statement commits by itself."""
    pg.autocommit = True
    return pg


@pytest.fixture
def connect(db: Connection) -> Iterator[Callable[[], Connection]]:
    """Opens more sessions on the test's database; what is still at work when the test ends is ended."""
    opened: list[Connection] = []

    def another() -> Connection:
        opened.append(psycopg.connect(db.info.dsn, autocommit=True))
        return opened[-1]

    yield another
    db.execute("""
        select pg_terminate_backend(pid, 10000) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
    """)
    for conn in opened:
        conn.close()


@pytest.fixture
def episode(db: Connection) -> Callable[..., int]:
    """Makes a source episode and returns its id; see `make_episode` for its shape."""
    return partial(make_episode, db)


@pytest.fixture(scope="module")
def crash_server() -> Iterator[CrashServer]:
    """A server that belongs to the tests of one module, which may crash it."""
    with servers.temporary_home() as home:
        server = CrashServer(home)
        try:
            yield server
        finally:
            server.close()

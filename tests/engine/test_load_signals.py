"""What tells that a server is busy, where it takes a server of its own to be so."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.support import server as servers
from tests.support.calls import value
from tests.support.content import make_episode
from tests.support.waiting import eventually

Connection = psycopg.Connection


def signal(conn: Connection, name: str) -> object:
    return value(conn, "select value from duplication.load_signals() where signal = %s", name)


def begin(conn: Connection) -> tuple[object, ...]:
    """A job of a new request: what a worker is told."""
    source = str(make_episode(conn, parts=1))
    duplication = value(conn, "select duplication.request_duplication('episode', %s)", source)
    query = "select decision, reason from duplication.begin_attempt(%s, 'episodes', 'm', 'w')"
    return conn.execute(query, (duplication,)).fetchone() or ()


@pytest.fixture
def archiving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """A database of a server whose log is to be archived, which fails."""
    settings = servers.SETTINGS | {
        "wal_level": "replica",
        "archive_mode": "on",
        "archive_command": "/bin/false",
        "max_wal_senders": "5",
    }
    monkeypatch.setattr(servers, "SETTINGS", settings)
    with servers.temporary_home() as home:
        server = servers.CrashServer(home)
        try:
            with psycopg.connect(server.new_database(), autocommit=True) as conn:
                yield conn
        finally:
            server.close()


def test_a_log_that_is_not_archived_holds_jobs_back(archiving: Connection) -> None:
    archiving.execute("update duplication.settings set max_archive_backlog = 1")
    waits = "WAL segments to be archived"
    for _ in range(3):
        archiving.execute("select pg_logical_emit_message(false, 'test', 'something to archive')")
        archiving.execute("select pg_switch_wal()")

    eventually(lambda: int(str(signal(archiving, waits))) >= 2, "segments wait to be archived")

    decision, reason = begin(archiving)
    assert decision == "later"
    assert str(reason).startswith(f"{waits} ")
    archiving.execute("update duplication.settings set max_archive_backlog = null")
    assert begin(archiving) == ("run", None)

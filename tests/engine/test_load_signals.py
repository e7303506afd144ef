"""What tells that a server is busy, where it takes a server of its own to be so."""

from __future__ import annotations

import re
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
def logging_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[servers.CrashServer]:
    """A server whose log can be followed, and is to be archived, which fails."""
    with servers.temporary_home() as home:
        archive = home / "archive"
        settings = {
            "wal_level": "replica",
            "archive_mode": "on",
            "archive_command": f"test -e {archive}",
            "max_wal_senders": "5",
        }
        monkeypatch.setattr(servers, "SETTINGS", servers.SETTINGS | settings)
        server = servers.CrashServer(home)
        try:
            yield server
        finally:
            # a server that stops waits for its archive
            archive.touch()
            server.close()


@pytest.fixture
def primary(logging_server: servers.CrashServer) -> Iterator[Connection]:
    """A database of that server."""
    with psycopg.connect(logging_server.new_database(), autocommit=True) as conn:
        yield conn


@pytest.fixture
def standby(logging_server: servers.CrashServer, primary: Connection) -> Iterator[Connection]:
    """A server that follows it, and has caught up."""
    with (
        servers.temporary_home() as home,
        servers.standby_of(logging_server.server, home, **servers.SETTINGS) as following,
        psycopg.connect(following.dsn, autocommit=True) as conn,
    ):
        eventually(lambda: value(primary, "select count(*) from pg_stat_replication") == 1, "the standby follows")
        yield conn


def write_to_log(conn: Connection) -> None:
    conn.execute("select pg_logical_emit_message(true, 'test', 'something to log')")


def test_a_log_that_is_not_archived_holds_jobs_back(primary: Connection) -> None:
    primary.execute("update duplication.settings set max_archive_backlog = 1")
    waits = "WAL segments to be archived"
    for _ in range(3):
        write_to_log(primary)
        primary.execute("select pg_switch_wal()")

    eventually(lambda: int(str(signal(primary, waits))) >= 2, "segments wait to be archived")

    decision, reason = begin(primary)
    assert decision == "later"
    assert str(reason).startswith(f"{waits} ")
    primary.execute("update duplication.settings set max_archive_backlog = null")
    assert begin(primary) == ("run", None)


def test_a_standby_that_falls_behind_holds_jobs_back_until_it_has_caught_up(
    primary: Connection, standby: Connection
) -> None:
    primary.execute("update duplication.settings set max_replication_lag = '0.4 s'")
    assert begin(primary) == ("run", None)
    standby.execute("select pg_wal_replay_pause()")
    eventually(lambda: value(standby, "select pg_get_wal_replay_pause_state()") == "paused", "replay is paused")

    write_to_log(primary)
    eventually(lambda: int(str(signal(primary, "replication lag"))) >= 1, "the lag is seen")

    decision, reason = begin(primary)
    assert decision == "later"
    assert re.fullmatch(r"replication lag \d+ s > 0.4 s", str(reason))
    standby.execute("select pg_wal_replay_resume()")
    eventually(lambda: signal(primary, "replication lag") == 0, "the standby has caught up")
    assert begin(primary) == ("run", None)

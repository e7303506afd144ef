"""What tells that a server is busy, each signal from a server that is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from tests.support import server as servers
from tests.support.aliases import Connect, Connection
from tests.support.calls import value
from tests.support.content import make_episode
from tests.support.jobs import Begun, begin, change, make_due, request
from tests.support.waiting import Background, eventually


@pytest.fixture
def source(db: Connection) -> str:
    return str(make_episode(db, parts=1))


def signal(conn: Connection, name: str) -> object:
    return value(conn, "select value from duplication.load_signals() where signal = %s", name)


def begin_another(conn: Connection) -> Begun:
    """A job of a new request: what a worker is told."""
    return begin(conn, request(conn, str(make_episode(conn, parts=1))))


@contextmanager
def blind_worker(conn: Connection) -> Iterator[None]:
    """The session is, while the block lasts, one of a role that may work and is not shown what others do."""
    conn.execute("create role blind_worker")
    try:
        conn.execute("grant usage on schema duplication, _duplication to blind_worker")
        conn.execute("grant select on duplication.settings to blind_worker")
        conn.execute("grant execute on all functions in schema duplication, _duplication to blind_worker")
        conn.execute("set role blind_worker")
        yield
    finally:
        conn.execute("reset role; drop owned by blind_worker; drop role blind_worker")


def hidden_signals(conn: Connection) -> dict[str, str]:
    query = "select signal, problem from duplication.load_signals() where value is null and problem > ''"
    return dict(conn.execute(query).fetchall())


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
        servers.standby_of(
            logging_server.server, home, **servers.SETTINGS, wal_receiver_status_interval="1s"
        ) as following,
        psycopg.connect(following.dsn, autocommit=True) as conn,
    ):
        eventually(lambda: value(primary, "select count(*) from pg_stat_replication") == 1, "the standby follows")
        yield conn


def write_to_log(conn: Connection) -> None:
    conn.execute("select pg_logical_emit_message(true, 'test', 'something to log')")


def test_a_log_that_is_not_archived_holds_jobs_back(primary: Connection) -> None:
    change(primary, "max_archive_backlog", "1")
    waits = "WAL segments to be archived"
    for _ in range(3):
        write_to_log(primary)
        primary.execute("select pg_switch_wal()")

    eventually(lambda: int(str(signal(primary, waits))) >= 2, "segments wait to be archived")

    begun = begin_another(primary)
    assert begun.decision == "later"
    assert str(begun.reason).startswith(f"{waits} ")
    change(primary, "max_archive_backlog", "null")
    assert begin_another(primary).decision == "run"


def test_a_log_whose_archiving_cannot_be_seen_stops_nobody(primary: Connection) -> None:
    change(primary, "max_archive_backlog", "0")
    with blind_worker(primary):
        assert hidden_signals(primary)["WAL segments to be archived"] == "hidden: grant pg_monitor to blind_worker"
        assert value(primary, "select reason from _duplication.check_admission(null)") is None


def test_a_standby_that_lags_holds_jobs_back_until_it_has_caught_up(primary: Connection, standby: Connection) -> None:
    change(primary, "max_replication_lag", "interval '0.4 s'")
    assert begin_another(primary).decision == "run"
    standby.execute("select pg_wal_replay_pause()")
    eventually(lambda: value(standby, "select pg_get_wal_replay_pause_state()") == "paused", "replay is paused")

    write_to_log(primary)
    eventually(lambda: int(str(signal(primary, "replication lag"))) >= 1, "the lag is seen")

    begun = begin_another(primary)
    assert begun.decision == "later"
    assert re.fullmatch(r"replication lag \d+ s > 0.4 s", str(begun.reason))
    standby.execute("select pg_wal_replay_resume()")
    eventually(lambda: signal(primary, "replication lag") == 0, "the standby has caught up")
    assert begin_another(primary).decision == "run"


def test_sessions_that_wait_for_locks_hold_jobs_back(db: Connection, connect: Connect, source: str) -> None:
    duplication = request(db, source)
    change(db, "max_waiting_sessions", "1")
    holder, waiters = connect(), [connect() for _ in range(2)]
    with holder.transaction():
        holder.execute("lock table public.parts")
        waits = [Background(one.execute, "select from public.parts") for one in waiters]
        count = "select value from duplication.load_signals() where signal = 'sessions waiting for locks'"
        eventually(lambda: value(db, count) == 2, "both of them are seen")
        assert begin(db, duplication).reason == "sessions waiting for locks 2 > 1"
    for one in waits:
        one.result()
    make_due(db)
    assert begin(db, duplication).decision == "run"


def test_busy_sessions_hold_jobs_back_but_not_those_of_the_driver_itself(
    db: Connection, connect: Connect, source: str
) -> None:
    change(db, "max_active_sessions", "0")
    duplication = request(db, source)
    own, other = connect(), connect()
    for one in (db, own):
        one.execute("set application_name = 'duplication'")
    with ThreadPoolExecutor(2) as pool:
        pool.submit(own.execute, "select pg_sleep(60)")
        eventually(
            lambda: value(db, "select state from pg_stat_activity where pid = %s", own.info.backend_pid) == "active",
            "the driver's own session is busy",
        )
        assert value(db, "select value from duplication.load_signals() where signal = 'active sessions'") == 0
        pool.submit(other.execute, "select pg_sleep(60)")
        eventually(lambda: begin(db, duplication).reason == "active sessions 1 > 0", "another one is busy")
        for one in (own, other):
            db.execute("select pg_terminate_backend(%s)", (one.info.backend_pid,))


def test_what_cannot_be_seen_stops_nobody_and_says_what_to_grant(db: Connection) -> None:
    change(db, "max_active_sessions", "0")
    with blind_worker(db):
        assert hidden_signals(db) == dict.fromkeys(
            ["replication lag", "active sessions", "sessions waiting for locks"],
            "hidden: grant pg_monitor to blind_worker",
        )
        assert value(db, "select reason from _duplication.check_admission(null)") is None

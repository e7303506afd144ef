"""Sending jobs: one session at a time, in a transaction that may be lost."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from tests.support.calls import value
from tests.support.faults import kill_backend

Connection = psycopg.Connection
Connect = Callable[[], Connection]
Episode = Callable[..., int]


@pytest.fixture
def source(episode: Episode) -> str:
    return str(episode(parts=1))


def request(conn: Connection, source: str) -> int:
    return int(value(conn, "select duplication.request_duplication('episode', %s)", source))


def dispatch(conn: Connection) -> list[int]:
    return sorted(row[0] for row in conn.execute("select duplication_id from duplication.dispatch_jobs()"))


def test_only_one_session_dispatches_and_the_others_do_not_wait(db: Connection, connect: Connect, source: str) -> None:
    first = request(db, source)
    other = connect()
    other.execute("set lock_timeout = '1 s'")
    with db.transaction():
        assert dispatch(db) == [first]
        second = request(other, source)

        assert dispatch(other) == []

    assert dispatch(other) == [second]


def test_what_was_not_committed_is_sent_again(db: Connection, connect: Connect, source: str) -> None:
    """The messages may be in the queue already: a second one is harmless, none would not be."""
    duplication = request(db, source)
    crashing = connect()
    crashing.execute("begin")
    assert dispatch(crashing) == [duplication]

    kill_backend(db, crashing.info.backend_pid)

    assert dispatch(db) == [duplication]


def test_one_that_somebody_else_has_locked_is_passed_over(db: Connection, connect: Connect, source: str) -> None:
    locked, free = request(db, source), request(db, source)
    application = connect()
    db.execute("set lock_timeout = '1 s'")
    with application.transaction():
        application.execute("select from duplication.duplications where id = %s for update", (locked,))

        assert dispatch(db) == [free]

    assert dispatch(db) == [locked]


def test_who_asked_for_more_or_cancels_another_does_not_wait_for_a_dispatcher(
    db: Connection, connect: Connect, source: str
) -> None:
    db.execute("update duplication.settings set max_active = 1")
    sent, kept = request(db, source), request(db, source)
    application = connect()
    application.execute("set lock_timeout = '1 s'")
    with db.transaction():
        assert dispatch(db) == [sent]

        request(application, source)
        assert value(application, "select duplication.cancel(%s)", kept) == "cancelled"

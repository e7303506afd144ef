"""Which jobs are sent: by one session at a time, in a transaction that may be lost, and none that is only late."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.aliases import Connect, Connection, Episode
from tests.support.calls import copy_level, finish, status, value
from tests.support.faults import kill_backend
from tests.support.jobs import begin, change, dispatch, make_due, request, waiting


@pytest.fixture
def source(episode: Episode) -> str:
    return str(episode(parts=2, items=2, blocks=5))


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


def test_a_request_and_a_cancel_do_not_wait_for_a_dispatcher(db: Connection, connect: Connect, source: str) -> None:
    db.execute("update duplication.settings set max_active = 1")
    sent, kept = request(db, source), request(db, source)
    application = connect()
    application.execute("set lock_timeout = '1 s'")
    with db.transaction():
        assert dispatch(db) == [sent]

        request(application, source)
        assert value(application, "select duplication.cancel(%s)", kept) == "cancelled"


def test_the_backlog_stays_in_the_table(db: Connection, source: str) -> None:
    change(db, "max_active", "3")
    ids = [request(db, source) for _ in range(7)]

    assert dispatch(db) == ids[:3]
    assert dispatch(db) == []
    finish(db, ids[1])
    assert dispatch(db) == ids[3:4]


def test_what_has_waited_goes_before_what_is_new(db: Connection, source: str) -> None:
    change(db, "max_active", "1")
    ids = [request(db, source) for _ in range(3)]
    assert dispatch(db) == ids[:1]
    begin(db, ids[0], cpu=91)
    assert dispatch(db) == ids[1:2]
    finish(db, ids[1])
    make_due(db)

    assert dispatch(db) == ids[:1]
    assert waiting(db, ids[0]) is None


def test_nothing_is_sent_while_switched_off_and_all_can_see_why(db: Connection, source: str) -> None:
    ids = [request(db, source) for _ in range(2)]
    change(db, "enabled", "false")

    assert dispatch(db) == []

    assert [waiting(db, duplication) for duplication in ids] == ["duplication is switched off"] * 2
    change(db, "enabled", "true")
    assert dispatch(db) == []
    make_due(db)
    assert dispatch(db) == ids


@contextmanager
def long_ago(conn: Connection, *ids: int) -> Iterator[None]:
    """Jobs that were sent a while ago."""
    conn.execute(
        "update duplication.duplications set dispatched_at = dispatched_at - interval '2 min' where id = any(%s)",
        (list(ids),),
    )
    yield


def test_a_deep_backlog_is_not_taken_for_a_loss(db: Connection, source: str) -> None:
    """Nobody has asked the queue, and nothing that was sent later has arrived."""
    ids = [request(db, source) for _ in range(3)]
    dispatch(db)

    with long_ago(db, *ids):
        assert dispatch(db) == []
        assert dispatch(db, seen_empty="10 min") == []


def test_a_job_that_the_queue_no_longer_had_is_sent_again(db: Connection, source: str) -> None:
    old, new = request(db, source), request(db, source)
    dispatch(db)

    with long_ago(db, old):
        assert dispatch(db, seen_empty="0 s") == [old]
        assert dispatch(db, seen_empty="0 s") == []
    assert status(db, new) == "pending"


def test_a_job_that_others_have_overtaken_is_sent_again(db: Connection, source: str) -> None:
    old, new = request(db, source), request(db, source)
    dispatch(db)

    with long_ago(db, old):
        begin(db, new)
        assert dispatch(db) == [old]


def test_what_is_at_work_is_not_lost_however_long_it_takes(db: Connection, source: str) -> None:
    duplication = request(db, source)
    dispatch(db)
    begin(db, duplication)

    with long_ago(db, duplication):
        assert dispatch(db, seen_empty="0 s") == []


def test_the_dispatcher_sends_a_next_job_that_could_not_be_sent(db: Connection, source: str) -> None:
    duplication = request(db, source)
    dispatch(db)
    attempt = begin(db, duplication).attempt
    copy_level(db, duplication, "episodes")

    db.execute("select _duplication.end_attempt(%s, 'done', null, false)", (attempt,))

    assert db.execute("select * from _duplication.dispatch_jobs()").fetchall() == [(duplication, "parts")]

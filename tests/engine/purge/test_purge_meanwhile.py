"""Purging while others purge, discard, hold locks, or are killed."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Connect
from tests.support.calls import finish, open_duplication, status, value
from tests.support.content import make_episode
from tests.support.discards import assert_discarded, discard
from tests.support.faults import Gate, kill_backend
from tests.support.purges import Copy, figures, is_purged, make_older, new_root, purge, purge_after, rows_of_plan
from tests.support.waiting import Background, eventually


@pytest.fixture
def db(emptied: psycopg.Connection) -> psycopg.Connection:
    return emptied


def at_gate(conn: psycopg.Connection) -> Gate:
    """Holds a purge in the middle of a batch."""
    run = value(conn, "select min(id) from _duplication.level_runs where level = 'items'")
    return Gate(conn.info.dsn, "_duplication.id_map", "run", run, event="after delete")


def test_of_two_sessions_the_second_ends_at_once(db: psycopg.Connection, connect: Connect, old: int) -> None:
    before = figures(db, old)
    with at_gate(db) as gate:
        first = Background(purge, connect())
        gate.wait_for()

        assert purge(db) is False
        assert not first.over

        gate.open()
        assert first.result() is True

    assert is_purged(db, old)
    assert figures(db, old) == before


def test_of_two_sessions_that_purge_events_the_second_ends_at_once(
    db: psycopg.Connection, connect: Connect, old: int
) -> None:
    purge_after(db, None, "1 day")
    event = value(db, "select max(id) from duplication.events")
    with Gate(db.info.dsn, "duplication.events", "id", event, event="after delete") as gate:
        first = Background(purge, connect())
        gate.wait_for()

        assert purge(db) is False
        assert not first.over

        gate.open()
        assert first.result() is True

    assert value(db, "select count(*) from duplication.events") == 0


def test_sessions_that_purge_at_once_leave_nothing_to_each_other(
    db: psycopg.Connection, connect: Connect, source: int, old: int
) -> None:
    duplications = [old]
    for _ in range(3):
        duplications.append(open_duplication(db, source))
        finish(db, duplications[-1])
        make_older(db, duplications[-1])
    before = [figures(db, each) for each in duplications]

    ended = [call.result() for call in [Background(purge, connect()) for _ in range(4)]]

    assert True in ended
    assert all(is_purged(db, each) for each in duplications)
    assert [figures(db, each) for each in duplications] == before


def test_a_killed_backend_leaves_the_rest_to_the_next_call(db: psycopg.Connection, connect: Connect, old: int) -> None:
    before = figures(db, old)
    with at_gate(db) as gate:
        Background(purge, connect())
        (pid,) = gate.wait_for()
        kill_backend(db, pid)
    assert rows_of_plan(db, old) > 0
    assert figures(db, old) == before

    assert purge(db) is True

    assert rows_of_plan(db, old) == 0
    assert is_purged(db, old)
    assert figures(db, old) == before


def test_a_discard_that_comes_while_it_is_purged_is_refused(
    db: psycopg.Connection, connect: Connect, source: int, old: int
) -> None:
    with at_gate(db) as gate:
        purging = Background(purge, connect())
        gate.wait_for()
        discarding = Background(discard, connect(), old)
        eventually(
            lambda: value(
                db,
                "select count(*) from pg_stat_activity "
                "where wait_event_type = 'Lock' and starts_with(query, 'call duplication.discard')",
            ),
            "discard waits for the batch of the purge",
        )
        gate.open()
        purging.result()
        error = discarding.error()

    assert isinstance(error, psycopg.Error)
    assert error.sqlstate == "UD007"
    assert "purged" in str(error)
    assert status(db, old) == "completed"
    # the refusal may have held it for a moment
    assert purge(db) is True
    assert is_purged(db, old)
    oracle.assert_isomorphic(db, str(new_root(db, old)), source)


def test_a_purge_that_comes_while_it_is_discarded_leaves_it_alone(
    db: psycopg.Connection, connect: Connect, source: int, copy: Copy
) -> None:
    duplication, before = copy
    make_older(db, duplication)
    purge_after(db)
    plan = rows_of_plan(db, duplication)
    with Gate(db.info.dsn, "duplication.duplications", "status", "discarding", event="after update") as gate:
        discarding = Background(discard, connect(), duplication)
        gate.wait_for()

        assert purge(db) is False

        assert rows_of_plan(db, duplication) == plan
        gate.open()
        assert discarding.result() is True

    assert_discarded(db, duplication, source, before)


def test_one_that_is_about_to_be_discarded_does_not_hold_up_the_others(
    db: psycopg.Connection, connect: Connect, old: int
) -> None:
    other = open_duplication(db, make_episode(db, parts=1))
    finish(db, other)
    make_older(db, other, by="26 hours")
    elsewhere = connect()
    with elsewhere.transaction():
        elsewhere.execute("select from duplication.duplications where id = %s for update", (old,))

        assert purge(db) is False

    assert [is_purged(db, each) for each in (old, other)] == [False, True]


def test_a_lock_that_lasts_is_given_up_and_the_next_call_goes_on(
    db: psycopg.Connection, connect: Connect, old: int
) -> None:
    db.execute("update duplication.settings set lock_timeout = '10 ms'")
    before = figures(db, old)
    elsewhere = connect()
    with elsewhere.transaction():
        elsewhere.execute("""
            select from _duplication.id_map as m inner join _duplication.level_runs as r on r.id = m.run
            where r.level = 'items' for update of m
        """)

        with pytest.raises(psycopg.errors.LockNotAvailable):
            purge(db)

    assert purge(db) is True
    assert is_purged(db, old)
    assert figures(db, old) == before

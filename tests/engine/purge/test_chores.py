"""What is to be done by itself: nothing without a setting, then what the settings ask for, one thing at a time."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Connect, NewDatabase
from tests.support.calls import copy_level, finish, open_duplication, status, value
from tests.support.discards import assert_discarded, discard
from tests.support.faults import Gate, kill_backend
from tests.support.purges import make_older, purge, purge_after
from tests.support.statistics import measure
from tests.support.waiting import Background

ERROR = '{"level": "parts", "sqlstate": "XX000", "message": "m"}'


@pytest.fixture
def db(emptied: psycopg.Connection) -> psycopg.Connection:
    return emptied


def next_chore(conn: psycopg.Connection, leave_out: Sequence[int] = ()) -> tuple[str, int | None] | None:
    found = conn.execute("select * from _duplication.next_chore(%s::bigint[])", (list(leave_out),)).fetchall()
    assert len(found) <= 1
    return found[0] if found else None


def discard_after(conn: psycopg.Connection, failed: str | None, cancelled: str | None) -> None:
    conn.execute(
        "update duplication.settings set discard_failed_after = %s, discard_cancelled_after = %s", (failed, cancelled)
    )


def stopped(conn: psycopg.Connection, source: int, state: str, age: str, driven_by: str = "caller") -> int:
    """A duplication with some of its rows copied, that failed or was cancelled so long ago."""
    duplication = int(
        value(conn, "select duplication.request_duplication('episode', %s)", str(source))
        if driven_by == "queue"
        else open_duplication(conn, source)
    )
    copy_level(conn, duplication, "episodes")
    if state == "failed":
        conn.execute("select _duplication.fail_duplication(%s, %s)", (duplication, ERROR))
    else:
        conn.execute("select duplication.cancel(%s)", (duplication,))
    make_older(conn, duplication, age)
    return duplication


def test_nothing_is_done_where_no_setting_asks_for_it(db: psycopg.Connection, source: int) -> None:
    stopped(db, source, "failed", "10 years")
    interrupted = stopped(db, source, "cancelled", "10 years")
    discard(db, interrupted, budget="0")
    completed = open_duplication(db, source)
    finish(db, completed)
    make_older(db, completed, "10 years")

    assert status(db, interrupted) == "discarding"
    assert next_chore(db) is None


@pytest.mark.parametrize("driven_by", ["queue", "caller"])
@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_what_was_stopped_long_ago_is_discarded(
    db: psycopg.Connection, source: int, state: str, driven_by: str
) -> None:
    before = oracle.source_fingerprint(db, source)
    duplication = stopped(db, source, state, "2 days", driven_by)
    discard_after(db, "3 days", "3 days")
    assert next_chore(db) is None
    discard_after(db, *((None, "1 s") if state == "failed" else ("1 s", None)))
    assert next_chore(db) is None
    discard_after(db, *(("1 day", None) if state == "failed" else (None, "1 day")))

    assert next_chore(db) == ("discard", duplication)

    discard(db, duplication)
    assert next_chore(db) is None
    assert_discarded(db, duplication, source, before)


def test_one_that_goes_on_is_not_discarded(db: psycopg.Connection, source: int) -> None:
    """It was failed for long, and somebody has retried it."""
    duplication = stopped(db, source, "failed", "2 days")
    discard_after(db, "1 day", "1 day")
    db.execute("select duplication.retry(%s)", (duplication,))

    assert next_chore(db) is None

    finish(db, duplication)
    assert next_chore(db) is None


def test_the_longest_overdue_comes_first(db: psycopg.Connection, source: int) -> None:
    failed = [stopped(db, source, "failed", age) for age in ("50 hours", "30 hours")]
    cancelled = [stopped(db, source, "cancelled", age) for age in ("60 hours", "40 hours")]
    discard_after(db, "24 hours", "36 hours")
    order: list[int] = []

    while (chore := next_chore(db, order)) is not None:
        assert chore[0] == "discard"
        assert chore[1] is not None
        order.append(chore[1])

    # overdue by 26, 24, 6 and 4 hours
    assert order == [failed[0], cancelled[0], failed[1], cancelled[1]]


def test_a_discard_that_was_interrupted_goes_before_others(
    db: psycopg.Connection, connect: Connect, source: int
) -> None:
    stopped(db, source, "failed", "2 days")
    interrupted = stopped(db, source, "cancelled", "1 hour")
    discard_after(db, "1 day", None)
    with Gate(db.info.dsn, "_duplication.batches", "level", "episodes", event="after delete") as gate:
        Background(discard, connect(), interrupted)
        (pid,) = gate.wait_for()
        kill_backend(db, pid)

    assert next_chore(db) == ("discard", interrupted)

    assert discard(db, interrupted) is True


def test_a_discard_that_somebody_is_at_is_left_to_them(db: psycopg.Connection, connect: Connect, source: int) -> None:
    duplication = stopped(db, source, "failed", "2 days")
    discard_after(db, "1 day", "1 day")
    with Gate(db.info.dsn, "_duplication.batches", "level", "episodes", event="after delete") as gate:
        discarding = Background(discard, connect(), duplication)
        gate.wait_for()

        assert status(db, duplication) == "discarding"
        assert next_chore(db) is None

        gate.open()
        assert discarding.result() is True


def test_one_that_cannot_be_discarded_is_left_out_on_demand(db: psycopg.Connection, source: int) -> None:
    overdue = [stopped(db, source, "failed", age) for age in ("4 days", "3 days")]
    begun = stopped(db, source, "failed", "2 days")
    discard(db, begun, budget="0")
    discard_after(db, "1 day", None)

    assert next_chore(db, [begun]) == ("discard", overdue[0])
    assert next_chore(db, overdue) == ("discard", begun)
    assert next_chore(db, [begun, *overdue]) is None


def test_what_is_old_is_purged_when_nothing_is_to_be_discarded(db: psycopg.Connection, source: int) -> None:
    completed = open_duplication(db, source)
    finish(db, completed)
    make_older(db, completed)
    failed = stopped(db, source, "failed", "2 days")
    purge_after(db, "3 days")
    assert next_chore(db) is None
    purge_after(db, "1 day")
    assert next_chore(db) == ("purge", None)
    discard_after(db, "1 day", None)

    assert next_chore(db) == ("discard", failed)

    discard(db, failed)
    assert next_chore(db) == ("purge", None)
    purge(db)
    assert next_chore(db) is None


def test_old_events_are_purged(db: psycopg.Connection, source: int) -> None:
    duplication = open_duplication(db, source)
    finish(db, duplication)
    purge_after(db, None, "1 day")
    assert next_chore(db) is None

    make_older(db, duplication)

    assert next_chore(db) == ("purge", None)
    purge(db)
    assert next_chore(db) is None


def test_asking_costs_the_same_whatever_there_is(new_database: NewDatabase) -> None:
    """It is asked every few seconds: it may look at what is next, and not at all there is."""

    def cost(count: int) -> int:
        conn = new_database()
        conn.execute(
            """
            insert into duplication.duplications (
                tree, root_key, new_root_key, status, driven_by, started_at, completed_at, failed_at, cancelled_at,
                discarding_at, discarded_at, error
            )
            select
                'episode', n, n, s.status, 'queue', now(), now(), now(), now(),
                case when s.status = 'discarded' then now() end, case when s.status = 'discarded' then now() end, %s
            from generate_series(1, %s) as n
            cross join unnest(array['pending', 'completed', 'failed', 'cancelled', 'discarded']) as s (status)
            """,
            (ERROR, count),
        )
        conn.execute(
            """
            insert into duplication.events (duplication_id, type, payload)
            select id, 'duplication.feedback', '{}' from duplication.duplications
            """
        )
        discard_after(conn, "1 day", "1 day")
        purge_after(conn, "1 day", "1 day")
        next_chore(conn)
        costs = measure(conn, lambda: next_chore(conn))
        assert next_chore(conn) is None
        return max(each.buffers for text, each in costs.items() if "next_chore" in text)

    assert cost(4000) <= cost(400) + 10

"""What is old is deleted, and nothing that anybody sees: copies and figures stay."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.support import oracle
from tests.support.calls import copy_level, finish, open_duplication, set_batch_rows, status, value, verify
from tests.support.content import make_episode
from tests.support.discards import assert_discarded, discard
from tests.support.faults import Gate, kill_backend
from tests.support.growth import Bill, Kind, fill, growth
from tests.support.purges import figures, make_older, purge, purge_after, rows_of_plan
from tests.support.snapshots import contents, refused
from tests.support.statistics import measure
from tests.support.waiting import Background, eventually

Connect = Callable[[], psycopg.Connection]
NewDatabase = Callable[[], psycopg.Connection]
Copy = tuple[int, oracle.Fingerprint]


@pytest.fixture
def db(emptied: psycopg.Connection) -> psycopg.Connection:
    return emptied


@pytest.fixture
def old(db: psycopg.Connection, copy: Copy) -> int:
    """A duplication that was completed two days ago, where one day is enough."""
    make_older(db, copy[0])
    purge_after(db, "1 day")
    return copy[0]


def new_root(conn: psycopg.Connection, duplication: int) -> object:
    return value(conn, "select new_root_key from duplication.duplications where id = %s", duplication)


def is_purged(conn: psycopg.Connection, duplication: int) -> bool:
    return bool(value(conn, "select purged_at is not null from duplication.duplications where id = %s", duplication))


def test_the_plan_goes_and_the_copy_and_its_figures_stay(db: psycopg.Connection, source: int, old: int) -> None:
    before = figures(db, old)

    assert purge(db) is True

    assert rows_of_plan(db, old) == 0
    assert is_purged(db, old)
    assert figures(db, old) == before
    oracle.assert_isomorphic(db, str(new_root(db, old)), source)


def test_rows_that_the_source_had_lost_stay_in_the_figures(db: psycopg.Connection, source: int) -> None:
    """Planned and copied rows are counted one by one."""
    duplication = open_duplication(db, source)
    copy_level(db, duplication, "episodes")
    db.execute("delete from public.blocks where id % 3 = 0")
    finish(db, duplication)
    make_older(db, duplication)
    purge_after(db)
    before = figures(db, duplication)

    purge(db)

    assert figures(db, duplication) == before
    assert value(db, "select sum(rows_done - rows_copied) > 0 from duplication.progress")


def test_small_rows_stay(db: psycopg.Connection, old: int) -> None:
    """Who asked, when, which levels there were, and what happened to its jobs."""
    attempt = "insert into duplication.attempts (duplication_id, level, message_id, worker, lease_ends_at)"
    db.execute(f"{attempt} values (%s, 'blocks', 'm', 'w', now())", (old,))
    kept = ("duplications", "level_runs", "edge_runs", "attempts", "events")
    before = [value(db, f"select count(*) from duplication.{table}") for table in kept]

    purge(db)

    assert [value(db, f"select count(*) from duplication.{table}") for table in kept] == before
    assert all(before)


def test_nothing_is_purged_where_no_setting_asks_for_it(db: psycopg.Connection, old: int) -> None:
    purge_after(db, None, None)
    before = contents(db)

    assert purge(db) is True

    assert contents(db) == before


def test_what_is_not_old_stays(db: psycopg.Connection, old: int) -> None:
    purge_after(db, "3 days", "3 days")
    before = contents(db)

    assert purge(db) is True

    assert contents(db) == before


@pytest.mark.parametrize("state", ["pending", "in_progress", "failed", "cancelled", "discarding"])
def test_what_is_not_over_stays_however_old_it_is(db: psycopg.Connection, source: int, state: str) -> None:
    duplication = open_duplication(db, source)
    if state != "pending":
        copy_level(db, duplication, "episodes")
        copy_level(db, duplication, "parts", budget="0")
    if state == "failed":
        db.execute(
            "select duplication.fail_duplication(%s, %s)",
            (duplication, '{"level": "parts", "sqlstate": "XX000", "message": "m"}'),
        )
    elif state in ("cancelled", "discarding"):
        db.execute("select duplication.cancel(%s)", (duplication,))
    if state == "discarding":
        discard(db, duplication, budget="0")
    assert status(db, duplication) == state
    make_older(db, duplication)
    purge_after(db, "0 s")
    before = contents(db)

    assert purge(db) is True

    assert contents(db) == before


def test_what_was_discarded_is_purged_too(db: psycopg.Connection, copy: Copy, source: int) -> None:
    duplication, fingerprint = copy
    discard(db, duplication)
    purge_after(db)
    make_older(db, duplication)
    before = figures(db, duplication)
    assert rows_of_plan(db, duplication) > 0

    assert purge(db) is True

    assert rows_of_plan(db, duplication) == 0
    assert is_purged(db, duplication)
    assert figures(db, duplication) == before
    assert_discarded(db, duplication, source, fingerprint)


def test_age_counts_from_the_discard(db: psycopg.Connection, old: int) -> None:
    discard(db, old)

    purge(db)

    assert not is_purged(db, old)


def test_one_that_never_started_and_was_discarded_is_done_with(db: psycopg.Connection, source: int) -> None:
    duplication = open_duplication(db, source)
    db.execute("select duplication.cancel(%s)", (duplication,))
    discard(db, duplication)
    make_older(db, duplication)
    purge_after(db)

    assert purge(db) is True

    assert is_purged(db, duplication)


def test_only_the_old_ones_are_purged(db: psycopg.Connection, source: int, old: int) -> None:
    others = [open_duplication(db, source)]
    finish(db, others[0])
    others.append(open_duplication(db, source))
    finish(db, others[1])
    make_older(db, others[1])

    assert purge(db) is True

    assert [is_purged(db, each) for each in (old, *others)] == [True, False, True]
    assert rows_of_plan(db, others[0]) > 0
    assert verify(db, others[0]) == []


def test_a_budget_ends_the_call_at_the_next_batch(db: psycopg.Connection, old: int) -> None:
    before = figures(db, old)
    plan = value(db, "select count(*) from duplication.id_map")
    batch_rows = value(db, "select batch_rows from duplication.settings")
    assert plan > 3 * batch_rows

    for left in range(plan - batch_rows, 0, -batch_rows):
        assert purge(db, budget="0") is False
        assert value(db, "select count(*) from duplication.id_map") == left
        assert not is_purged(db, old)
        assert figures(db, old) == before
    purge(db, budget="0")

    assert is_purged(db, old)
    assert purge(db, budget="0") is True
    assert figures(db, old) == before


def test_a_budget_below_zero_is_refused(db: psycopg.Connection, old: int) -> None:
    with refused(db, "UD016"):
        purge(db, budget="-1 s")


def test_it_is_refused_inside_a_transaction(db: psycopg.Connection, old: int) -> None:
    with refused(db, "UD015"), db.transaction():
        purge(db)


# --- events


def test_old_events_go_and_the_plan_stays(db: psycopg.Connection, old: int, source: int) -> None:
    young = open_duplication(db, source)
    finish(db, young)
    purge_after(db, None, "1 day")
    plan = rows_of_plan(db, old)
    kept = value(db, "select count(*) from duplication.events where duplication_id = %s", young)

    assert purge(db) is True

    assert db.execute("select duplication_id, count(*) from duplication.events group by 1").fetchall() == [
        (young, kept)
    ]
    assert rows_of_plan(db, old) == plan
    assert not is_purged(db, old)


def test_events_go_whatever_became_of_their_duplication(db: psycopg.Connection, source: int) -> None:
    duplication = open_duplication(db, source)
    copy_level(db, duplication, "episodes")
    make_older(db, duplication)
    purge_after(db, None, "1 day")

    purge(db)

    assert value(db, "select count(*) from duplication.events") == 0
    finish(db, duplication)


def test_events_are_kept_from_the_first_that_is_not_old(db: psycopg.Connection, old: int) -> None:
    """They are numbered in the order of time; so nobody has to look at all of them to know that none is old."""
    purge_after(db, None, "1 day")
    ids = [row[0] for row in db.execute("select id from duplication.events order by id")]
    young = ids[len(ids) // 2]
    db.execute("update duplication.events set created_at = now() where id = %s", (young,))

    assert purge(db) is True

    assert [row[0] for row in db.execute("select id from duplication.events order by id")] == ids[ids.index(young) :]


# --- what was purged


def test_what_was_purged_cannot_be_verified_nor_discarded(db: psycopg.Connection, old: int) -> None:
    purge(db)

    for call in (verify, discard):
        with refused(db, "UD007") as caught:
            call(db, old)
        assert "purged" in str(caught.value)
        assert "purge_after" in (caught.value.diag.message_hint or "")
    assert status(db, old) == "completed"


def test_what_is_purged_in_part_cannot_be_verified_nor_discarded(db: psycopg.Connection, old: int) -> None:
    """The rest of the plan is not the copy: a discard by it would leave rows behind."""
    assert purge(db, budget="0") is False

    for call in (verify, discard):
        with refused(db, "UD007") as caught:
            call(db, old)
        assert "purged" in str(caught.value)


def test_nobody_is_told_to_discard_what_was_purged(db: psycopg.Connection, old: int) -> None:
    purge(db)

    with refused(db, "UD007") as caught:
        db.execute("select duplication.cancel(%s)", (old,))

    assert "duplication.discard" not in (caught.value.diag.message_hint or "")


def test_discarding_again_is_no_error_after_a_purge(db: psycopg.Connection, copy: Copy) -> None:
    duplication, _ = copy
    discard(db, duplication)
    make_older(db, duplication)
    purge_after(db)
    purge(db)

    assert discard(db, duplication) is True


def test_a_root_whose_copy_was_purged_is_copied_again(db: psycopg.Connection, source: int, old: int) -> None:
    purge(db)

    again = open_duplication(db, source)

    assert again != old
    oracle.assert_isomorphic(db, finish(db, again), source)


# --- several at once, and faults


def at_gate(conn: psycopg.Connection) -> Gate:
    """Holds a purge in the middle of a batch."""
    return Gate(conn.info.dsn, "duplication.id_map", "level", "items", event="after delete")


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
        elsewhere.execute("select from duplication.id_map where level = 'items' for update")

        with pytest.raises(psycopg.errors.LockNotAvailable):
            purge(db)

    assert purge(db) is True
    assert is_purged(db, old)
    assert figures(db, old) == before


# --- batches, and what they cost


def test_batches_of_any_size_leave_nothing(db: psycopg.Connection, source: int) -> None:
    """Levels end within a batch, at its end, or take several."""
    for batch_rows in (1, 2, 5, 9, 1000):
        duplication = open_duplication(db, source)
        finish(db, duplication)
        make_older(db, duplication)
        purge_after(db)
        before = figures(db, duplication)
        set_batch_rows(db, batch_rows)

        assert purge(db) is True

        assert (rows_of_plan(db, duplication), is_purged(db, duplication)) == (0, True)
        assert figures(db, duplication) == before


@contextlib.contextmanager
def old_snapshot(conn: psycopg.Connection) -> Iterator[None]:
    """A transaction elsewhere, before whose end nothing that is deleted can be cleaned away."""
    with psycopg.connect(conn.info.dsn) as elsewhere:
        elsewhere.execute("set transaction isolation level repeatable read")
        elsewhere.execute("select count(*) from public.episodes")
        yield


def fill_one(conn: psycopg.Connection, times: int) -> int:
    """One large duplication; returns how many batches its plan makes."""
    duplication = open_duplication(conn, fill(conn, Kind(items=300, blocks=1).times(times)))
    set_batch_rows(conn, 15)
    finish(conn, duplication)
    make_older(conn, duplication)
    return int(value(conn, "select count(*) from duplication.id_map")) // 15


def fill_many(conn: psycopg.Connection, times: int) -> int:
    """Small ones, each less than a batch; returns how many."""
    fill(conn, Kind(items=0, blocks=0, parts=1))  # so that the tree's own tables are no smaller than others
    for _ in range(15 * times):
        duplication = open_duplication(conn, make_episode(conn, shape=[[1]]))
        finish(conn, duplication)
        make_older(conn, duplication)
    return 15 * times


def fill_events(conn: psycopg.Connection, times: int) -> int:
    """Many events; returns how many batches they make."""
    duplication = open_duplication(conn, fill(conn, Kind(items=0, blocks=0, parts=1)))
    conn.execute(
        """
        insert into duplication.events (duplication_id, type, payload)
        select %s, 'duplication.feedback', '{}' from generate_series(1, %s)
        """,
        (duplication, 450 * times),
    )
    set_batch_rows(conn, 15)
    make_older(conn, duplication)
    return 30 * times


WIDE = {"one large duplication": fill_one, "many small ones": fill_many, "events": fill_events}


@pytest.mark.parametrize("make", WIDE.values(), ids=WIDE.keys())
def test_cost_is_linear_while_a_transaction_elsewhere_keeps_its_snapshot(
    new_database: NewDatabase, make: Callable[[psycopg.Connection, int], int]
) -> None:
    """What is deleted stays where it was then, and is not passed over by each batch."""

    def one(times: int) -> Bill:
        conn = new_database()
        batches = make(conn, times)
        purge_after(conn, "1 day", "1 day" if make is fill_events else None)
        with old_snapshot(conn):
            bill = Bill(batches, {"purge": measure(conn, lambda: purge(conn))})
        assert purge(conn) is True
        return bill

    assert growth(one(1), one(4)) == []

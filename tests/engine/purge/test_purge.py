"""What is old is deleted, and nothing that anybody sees: copies and figures stay."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import oracle
from tests.support.calls import copy_level, finish, open_duplication, status, value, verify
from tests.support.discards import assert_discarded, discard
from tests.support.purges import Copy, figures, is_purged, make_older, new_root, purge, purge_after, rows_of_plan
from tests.support.snapshots import contents, refused


@pytest.fixture
def db(emptied: psycopg.Connection) -> psycopg.Connection:
    return emptied


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
    attempt = "insert into _duplication.attempts (duplication_id, level, message_id, worker, lease_ends_at)"
    db.execute(f"{attempt} values (%s, 'blocks', 'm', 'w', now())", (old,))
    kept = (
        "duplication.duplications",
        "duplication.events",
        "_duplication.level_runs",
        "_duplication.edge_runs",
        "_duplication.attempts",
    )
    before = [value(db, f"select count(*) from {table}") for table in kept]

    purge(db)

    assert [value(db, f"select count(*) from {table}") for table in kept] == before
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
            "select _duplication.fail_duplication(%s, %s)",
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
    plan = value(db, "select count(*) from _duplication.id_map")
    batch_rows = value(db, "select batch_rows from duplication.settings")
    assert plan > 3 * batch_rows

    for left in range(plan - batch_rows, 0, -batch_rows):
        assert purge(db, budget="0") is False
        assert value(db, "select count(*) from _duplication.id_map") == left
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

"""Batches are steered by the time that they take, and say why they are as big as they are."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Episode
from tests.support.calls import copy_level, duplicate, open_duplication, value

SLOW = """
create function public.take_time() returns trigger language plpgsql
as $$ begin perform pg_sleep({}); return new; end $$;
create trigger take_time before insert on public.blocks
for each row when (new.orig_id is not null) execute function public.take_time()
"""


def set_sizes(db: psycopg.Connection, batch_rows: int, target_ms: int | None, most: int = 50000) -> None:
    db.execute(
        "update duplication.settings set batch_rows = %s, target_batch_ms = %s, max_batch_rows = %s",
        (batch_rows, target_ms, most),
    )


def aims(db: psycopg.Connection) -> list[int]:
    return [
        row[0]
        for row in db.execute(
            "select target_rows from _duplication.batches where level = 'blocks' order by batch_no"
        ).fetchall()
    ]


def reasons(db: psycopg.Connection) -> list[str]:
    return [
        row[0]
        for row in db.execute(
            "select reason from _duplication.batches where level = 'blocks' order by batch_no"
        ).fetchall()
    ]


def test_quick_batches_become_bigger_up_to_the_most_there_may_be(db: psycopg.Connection, episode: Episode) -> None:
    """A target that no batch of so few rows reaches."""
    set_sizes(db, 10, 600_000, most=35)
    source = episode(parts=5, items=5, blocks=8)
    oracle.assert_isomorphic(db, duplicate(db, source), source)
    assert aims(db)[:4] == [10, 20, 35, 35]
    assert reasons(db)[0] == "batch_rows to begin with"
    assert "600000 ms are wanted" in reasons(db)[1]
    assert reasons(db)[2].endswith("max_batch_rows")


def test_slow_batches_become_smaller(db: psycopg.Connection, episode: Episode) -> None:
    """Each row takes the whole of the target."""
    set_sizes(db, 20, 5)
    db.execute(SLOW.format("0.005").encode())
    source = episode(parts=5, items=4, blocks=2)
    oracle.assert_isomorphic(db, duplicate(db, source), source)
    assert aims(db)[:3] == [20, 5, 1]
    assert set(aims(db)[3:]) == {1}


def test_a_level_that_fits_is_one_batch_however_slow_it_is(db: psycopg.Connection, episode: Episode) -> None:
    set_sizes(db, 40, 1)
    db.execute(SLOW.format("0.002").encode())
    duplicate(db, episode(parts=5, items=4, blocks=2))
    assert aims(db) == [40]


def test_without_a_target_all_are_of_the_same_size(db: psycopg.Connection, episode: Episode) -> None:
    set_sizes(db, 10, None)
    duplicate(db, episode(parts=5, items=4, blocks=2))
    assert aims(db) == [10] * 4
    assert set(reasons(db)) == {"batch_rows"}


def test_small_levels_share_a_transaction_and_the_copy_is_the_same(db: psycopg.Connection, episode: Episode) -> None:
    set_sizes(db, 5000, 600_000)
    source = episode()
    oracle.assert_isomorphic(db, duplicate(db, source), source)
    transactions = db.execute("select distinct xmin::text from _duplication.batches").fetchall()
    assert len(transactions) == 1


@pytest.mark.parametrize(
    ("target_ms", "is_planned"),
    [(600_000, True), (1, False), (None, False)],
    ids=["a target that no plan reaches", "a target that any step misses", "no target, so a batch's worth"],
)
def test_a_step_of_planning_takes_as_long_as_a_batch(
    db: psycopg.Connection, episode: Episode, target_ms: int | None, is_planned: bool
) -> None:
    set_sizes(db, 10, target_ms)
    source = episode(parts=20, items=20, blocks=2)
    duplication = open_duplication(db, source)
    copy_level(db, duplication, "episodes", budget="0")  # starts it
    copy_level(db, duplication, "episodes", budget="0")

    planned = value(db, "select bool_and(planned_at is not null) from _duplication.level_runs")

    assert planned is is_planned
    oracle.assert_isomorphic(db, duplicate(db, source), source)

"""A level that fits one batch is written by one INSERT statement, as pg_stat_statements counts them."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import oracle
from tests.support.calls import duplicate, set_batch_rows
from tests.support.content import Shape, make_episode
from tests.support.statistics import inserts_into, measure

SHAPES: dict[str, Shape] = {
    "one row at each level": [[1]],
    "many of each": [[4, 4, 4], [4, 4, 4], [4, 4, 4]],
    "an item with no blocks at the start": [[0, 5], [5]],
    "an item with no blocks in the middle": [[5, 0], [0, 5]],
    "an item with no blocks at the end": [[5], [5, 0]],
    "many items with no blocks at the end": [[5, 5], [0] * 6],
    "many items with no blocks around the others": [[0] * 3, [0, 5, 0], [0] * 2, [0, 5, 0], [0] * 2],
    "parts with no items around the others": [[], [3], [], [], [7], []],
    "one item with all blocks": [[0], [10], [0]],
    "very uneven items": [[1, 30, 2], [1], [9]],
    "as many items as blocks": [[1] * 12, [1] * 12],
    "as many parts as items and blocks": [[1]] * 23,
    "no blocks": [[0, 0], [0]],
    "no items": [[], []],
}
LEVELS = ("episodes", "parts", "items", "blocks")


def rows_by_level(shape: Shape) -> dict[str, int]:
    counts = [count for part in shape for count in part]
    return {"episodes": 1, "parts": len(shape), "items": len(counts), "blocks": sum(counts)}


def inserts_by_level(conn: psycopg.Connection, source: int) -> dict[str, tuple[int, int]]:
    """How many INSERT statements a duplication ran on each content table, and how many rows they wrote."""
    copies: list[object] = []
    costs = measure(conn, lambda: copies.append(duplicate(conn, source)))
    calls = (inserts_into(costs, f"public.{level}").calls for level in LEVELS)
    rows = (len(level) for level in oracle.content(conn, copies[0]))
    return dict(zip(LEVELS, zip(calls, rows, strict=True), strict=True))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_a_level_that_just_fits_a_batch_is_written_by_one_statement(shared: psycopg.Connection, shape: Shape) -> None:
    source = make_episode(shared, shape=shape)
    rows = rows_by_level(shape)
    set_batch_rows(shared, max(rows.values()))

    assert inserts_by_level(shared, source) == {level: (min(count, 1), count) for level, count in rows.items()}


@pytest.mark.parametrize("batch_rows", [100, 101, 109, 5000])
def test_a_level_below_the_size_of_a_batch_is_written_by_one_statement(
    shared: psycopg.Connection, batch_rows: int
) -> None:
    source = make_episode(shared, parts=4, items=5, blocks=5)
    set_batch_rows(shared, batch_rows)

    assert inserts_by_level(shared, source) == {
        "episodes": (1, 1),
        "parts": (1, 4),
        "items": (1, 20),
        "blocks": (1, 100),
    }


def test_it_is_one_statement_with_other_episodes_in_between(shared: psycopg.Connection) -> None:
    source = make_episode(shared, parts=4, items=2, blocks=2, apart=1_000_000)
    set_batch_rows(shared, 16)

    assert inserts_by_level(shared, source) == {"episodes": (1, 1), "parts": (1, 4), "items": (1, 8), "blocks": (1, 16)}


def test_a_level_that_does_not_fit_is_written_by_several(shared: psycopg.Connection) -> None:
    source = make_episode(shared, parts=4, items=5, blocks=5)
    set_batch_rows(shared, 20)

    found = inserts_by_level(shared, source)

    assert found == {"episodes": (1, 1), "parts": (1, 4), "items": (1, 20), "blocks": (5, 100)}


def test_a_level_planned_row_by_row_is_written_by_one_statement_too(shared: psycopg.Connection) -> None:
    source = make_episode(shared, shape=[[3, 0], [4], [0]])
    set_batch_rows(shared, 7)
    shared.execute("update duplication.levels set plan_rows = true where tree = 'episode' and name = 'blocks'")
    try:
        assert inserts_by_level(shared, source)["blocks"] == (1, 7)
    finally:
        shared.execute("update duplication.levels set plan_rows = false where tree = 'episode' and name = 'blocks'")


def test_a_level_has_its_own_batch_size_where_it_says_so(shared: psycopg.Connection) -> None:
    source = make_episode(shared, parts=1, items=4, blocks=5)
    set_batch_rows(shared, 5000)
    shared.execute("update duplication.levels set batch_rows = 10 where tree = 'episode' and name = 'blocks'")
    try:
        copy = duplicate(shared, source)
        assert inserts_by_level(shared, source) == {
            "episodes": (1, 1),
            "parts": (1, 1),
            "items": (1, 4),
            "blocks": (2, 20),
        }
        oracle.assert_isomorphic(shared, copy, source)
    finally:
        shared.execute("update duplication.levels set batch_rows = null where tree = 'episode' and name = 'blocks'")

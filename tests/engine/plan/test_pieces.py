"""A level's pieces are its rows, each of them once, whatever there is below its parents."""

from __future__ import annotations

from itertools import pairwise

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Episode
from tests.support.calls import copy_levels_before, finish, open_duplication, set_batch_rows

BATCH_ROWS = 50
BLOCKS = [0, 3, 60, 0, 70, 2, 4, 0, 0, 6, 1, 55, 0, 50, 51, 9, 0]
"""Below each item: of one piece with others, split since a batch cannot hold them, or nothing."""

PIECES = """
select p.piece_no, p.range_of, p.first_number - r.first_number, p.last_number - r.first_number, p.rows
from _duplication.pieces as p
inner join _duplication.level_runs as r on r.duplication_id = p.duplication_id
    and r.level = case p.range_of when 'parents' then 'items' else p.level end
where p.level = 'blocks'
order by p.piece_no
"""


def test_the_pieces_of_a_level_are_its_rows_without_gap_or_overlap(db: psycopg.Connection, episode: Episode) -> None:
    set_batch_rows(db, BATCH_ROWS)  # pieces of 5 rows
    duplication = open_duplication(db, episode(parts=7, items=3))
    copy_levels_before(db, duplication, "parts")

    pieces = db.execute(
        """
        select
            p.level,
            array_agg(array[p.first_number - r.first_number, p.last_number - r.first_number] order by p.piece_no),
            sum(p.rows)
        from _duplication.pieces as p
        inner join _duplication.level_runs as r on r.duplication_id = p.duplication_id and r.level = p.level
        where p.level in ('parts', 'items')
        group by p.level
        order by p.level
        """
    ).fetchall()

    assert pieces == [
        ("items", [[0, 4], [5, 9], [10, 14], [15, 19], [20, 20]], 21),
        ("parts", [[0, 4], [5, 6]], 7),
    ]


def test_a_piece_ends_with_the_parent_that_fills_it(db: psycopg.Connection, episode: Episode) -> None:
    set_batch_rows(db, BATCH_ROWS)  # pieces of 5 rows
    duplication = open_duplication(db, episode(shape=[[3, 2, 3, 1, 1, 9, 1]]))
    copy_levels_before(db, duplication, "parts")

    pieces = [(first, last, rows) for _, _, first, last, rows in db.execute(PIECES)]

    assert pieces == [(0, 1, 5), (2, 4, 5), (5, 5, 9), (6, 6, 1)]


@pytest.mark.parametrize("target_ms", [None, 600_000], ids=["in several steps", "in one step"])
def test_parents_that_are_split_lie_between_ranges_of_others(
    db: psycopg.Connection, episode: Episode, target_ms: int | None
) -> None:
    db.execute("update duplication.settings set batch_rows = %s, target_batch_ms = %s", (BATCH_ROWS, target_ms))
    source = episode(shape=[BLOCKS])
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "parts")

    pieces = db.execute(PIECES).fetchall()

    assert [number for number, *_ in pieces] == list(range(1, len(pieces) + 1))
    ranges = [(first, last, rows) for _, kind, first, last, rows in pieces if kind == "parents"]
    for (_, last, _), (first, _, _) in pairwise(ranges):
        assert last < first
    for first, last, rows in ranges:
        assert rows == sum(BLOCKS[first : last + 1])
    in_ranges = {item for first, last, _ in ranges for item in range(first, last + 1)}
    split = {item for item, blocks in enumerate(BLOCKS) if blocks > BATCH_ROWS}
    assert in_ranges.isdisjoint(split)
    assert in_ranges | split >= {item for item, blocks in enumerate(BLOCKS) if blocks}

    numbers = [n for _, kind, first, last, _ in pieces if kind == "rows" for n in range(first, last + 1)]
    assert numbers == list(range(sum(BLOCKS[item] for item in split)))
    oracle.assert_isomorphic(db, finish(db, duplication), source)

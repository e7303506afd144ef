"""Copies of copies, several copies at once, and sources of every shape."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Connect, Episode
from tests.support.calls import copy_level, duplicate, finish, next_level, open_duplication, set_batch_rows, value
from tests.support.content import Shape
from tests.support.waiting import Background

SHAPES: dict[str, Shape] = {
    "a source with no parts": [],
    "a part with no items": [[], [2, 2], []],
    "parts with no items at all": [[], [], []],
    "items with no blocks": [[0, 0], [0]],
    "one block in all": [[1]],
    "one item with more blocks than a batch holds": [[40]],
    "a big item among small ones": [[1, 2], [40, 1], [3]],
    "blocks exactly as many as a batch holds": [[7], [7]],
    "one block more than a batch holds": [[8], [6, 1]],
    "more parts than a batch holds": [[1]] * 20,
    "more empty parts than a batch holds": [[]] * 20 + [[1]],
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_a_source_of_this_shape_is_copied(db: psycopg.Connection, episode: Episode, shape: Shape) -> None:
    source = episode(shape=shape)
    set_batch_rows(db, 7)

    copy = duplicate(db, source)

    oracle.assert_isomorphic(db, copy, source)
    oracle.assert_no_other_rows(db, [source, copy])


def test_an_item_with_more_blocks_than_a_batch_holds_is_split(db: psycopg.Connection, episode: Episode) -> None:
    duplication = open_duplication(db, episode(shape=[[40]]))
    set_batch_rows(db, 7)

    finish(db, duplication)

    sizes = db.execute(
        "select rows from _duplication.batches where duplication_id = %s and level = 'blocks'", (duplication,)
    ).fetchall()
    assert sum(rows for (rows,) in sizes) == 40
    assert max(rows for (rows,) in sizes) <= 7


def test_parts_whose_ids_lie_far_apart_are_copied_without_others(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=9, apart=1_000_000_000)
    set_batch_rows(db, 7)
    others = value(db, "select count(*) from public.blocks b where title is not null") - 9 * 2 * 4

    copy = duplicate(db, source)

    oracle.assert_isomorphic(db, copy, source)
    assert value(db, "select count(*) from public.blocks") == others + 2 * 9 * 2 * 4


def test_a_copy_of_a_copy_says_that_it_is_from_the_copy(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=2)
    set_batch_rows(db, 7)

    copy = duplicate(db, source)
    copy_of_copy = duplicate(db, copy)

    oracle.assert_isomorphic(db, copy_of_copy, copy)
    oracle.assert_isomorphic(db, copy, source)
    oracle.assert_no_other_rows(db, [source, copy, copy_of_copy])


def test_a_source_copied_again_gives_another_copy(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=2)

    copies = [duplicate(db, source) for _ in range(3)]

    assert len(set(copies)) == 3
    for copy in copies:
        oracle.assert_isomorphic(db, copy, source)
    oracle.assert_no_other_rows(db, [source, *copies])


def test_several_copies_of_one_source_can_be_made_in_turns(db: psycopg.Connection, episode: Episode) -> None:
    source = episode()
    set_batch_rows(db, 7)
    unfinished = [value(db, "select duplication.request_duplication('episode', %s)", str(source)) for _ in range(3)]
    left = list(unfinished)
    while left:
        for duplication in list(left):
            level = next_level(db, duplication)
            if level is None:
                left.remove(duplication)
            else:
                copy_level(db, duplication, level, budget="0")

    for duplication in unfinished:
        oracle.assert_isomorphic(db, finish(db, duplication), source)


def test_several_sessions_can_copy_one_source_at_once(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    source = episode(parts=5, items=5, blocks=5)
    set_batch_rows(db, 7)
    ids = [value(db, "select duplication.request_duplication('episode', %s)", str(source)) for _ in range(4)]

    calls = [Background(finish, connect(), i) for i in ids]
    copies = [call.result() for call in calls]

    for copy in copies:
        oracle.assert_isomorphic(db, copy, source)
    oracle.assert_no_other_rows(db, [source, *copies])

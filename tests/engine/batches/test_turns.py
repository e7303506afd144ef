"""Two sessions that share a level take turns: one inserts while the other's foreign keys are checked."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Episode
from tests.support.calls import copy_level, copy_levels_before, finish, open_duplication

TARGET_SECONDS = 600
ROWS = 100
TIMES = """
update _duplication.batches
set started_at = clock_timestamp() - make_interval(secs => %s), ended_at = clock_timestamp() - make_interval(secs => %s)
where level = 'blocks' and batch_no = (
    select batch_no from _duplication.batches where level = 'blocks' order by batch_no desc offset %s limit 1
)
"""
NEXT = "select target_rows, reason from _duplication.batches where level = 'blocks' order by batch_no desc limit 1"


@pytest.fixture
def two_batches(db: psycopg.Connection, episode: Episode) -> tuple[int, int]:
    """A source, and its duplication of which two batches of blocks are copied."""
    db.execute("update duplication.settings set batch_rows = %s, target_batch_ms = null", (ROWS,))
    source = episode(parts=1, items=60, blocks=10)
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "blocks")
    for _ in range(3):
        copy_level(db, duplication, "blocks", budget="0")  # starts the level, then two batches
    db.execute("update duplication.settings set target_batch_ms = %s", (TARGET_SECONDS * 1000,))
    return source, duplication


def copy_next_batch(
    db: psycopg.Connection, duplication: int, last_began: int, other_began: int, other_ended: int
) -> tuple[int, str]:
    """Copy a batch; the last has just ended, and the one before it when it is said. Returns its aim and its reason."""
    db.execute(TIMES, (last_began, 0, 0))
    db.execute(TIMES, (other_began, other_ended, 1))
    copy_level(db, duplication, "blocks", budget="0")
    row = db.execute(NEXT).fetchone()
    assert row is not None
    return row[0], row[1]


@pytest.mark.parametrize(
    ("other_began", "other_ended", "rows"),
    [
        (880, 280, ROWS),
        (1080, 480, 70),
        (1180, 580, 53),
        (390, 240, 70),
        (720, 120, ROWS),
        (400, 300, ROWS),
    ],
    ids=[
        "the other is not half done",
        "the other is done but for a fifth",
        "the other is almost done",
        "the other's batches double, and it is done but for a fifth",
        "the other has just begun",
        "the other has gone, or takes longer than it should",
    ],
)
def test_a_batch_begun_in_the_second_half_of_the_others_is_shorter(
    db: psycopg.Connection, two_batches: tuple[int, int], other_began: int, other_ended: int, rows: int
) -> None:
    """Its last took the whole of the target, so the next has as many rows, or fewer for a turn."""
    source, duplication = two_batches

    aimed, reason = copy_next_batch(db, duplication, TARGET_SECONDS, other_began, other_ended)

    # a second that the test takes is a sixth of a row
    assert abs(aimed - rows) <= 2
    assert ("to take turns" in reason) == (rows < ROWS)
    oracle.assert_isomorphic(db, finish(db, duplication), source)


def test_a_session_alone_takes_no_turns(db: psycopg.Connection, two_batches: tuple[int, int]) -> None:
    source, duplication = two_batches

    _, reason = copy_next_batch(db, duplication, 400, 1000, 401)

    assert "to take turns" not in reason
    oracle.assert_isomorphic(db, finish(db, duplication), source)

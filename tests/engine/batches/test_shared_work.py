"""Two sessions on one duplication share its work, and neither waits for the other's whole level."""

from __future__ import annotations

import psycopg

from tests.support import oracle
from tests.support.aliases import Connect, Episode
from tests.support.calls import (
    copy_level,
    copy_levels_before,
    finish,
    open_duplication,
    rows_done,
    set_batch_rows,
    value,
)
from tests.support.faults import Gate
from tests.support.waiting import Background, eventually


def blocks_of(conn: psycopg.Connection) -> list[int]:
    return [row[0] for row in conn.execute("select id from public.blocks order by id")]


def test_a_second_session_copies_what_the_first_does_not_hold(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    source = episode(parts=5, items=4, blocks=5)
    set_batch_rows(db, 10)
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "blocks")
    with Gate(db.info.dsn, "public.blocks", "orig_id", blocks_of(db)[0]) as gate:
        first = Background(copy_level, connect(), duplication, "blocks")
        (held_by,) = gate.wait_for()
        second = Background(copy_level, connect(), duplication, "blocks")
        eventually(lambda: rows_done(db, duplication, "blocks") == 90, "everything but the first session's batch")
        assert not first.over
        gate.open()

        assert first.result() == (True, None)
        assert second.result() == (True, None)

    workers = value(
        db,
        """
        select array_agg(distinct backend_pid) from _duplication.batches where duplication_id = %s and level = 'blocks'
        """,
        duplication,
    )
    assert isinstance(workers, list)
    assert held_by in workers
    assert len(workers) == 2
    copy = finish(db, duplication)
    oracle.assert_isomorphic(db, copy, source)
    oracle.assert_no_other_rows(db, [source, copy])


def test_a_session_whose_budget_is_spent_returns_though_pieces_are_held(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    source = episode(parts=1, items=1, blocks=5)
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "blocks")
    with Gate(db.info.dsn, "public.blocks", "orig_id", blocks_of(db)[0]) as gate:
        first = Background(copy_level, connect(), duplication, "blocks")
        gate.wait_for()

        assert copy_level(db, duplication, "blocks", budget="50 ms") == (False, "blocks")

        assert not first.over
        gate.open()
        assert first.result() == (True, None)
    oracle.assert_isomorphic(db, finish(db, duplication), source)


def test_a_session_whose_budget_is_spent_returns_while_another_plans(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    source = episode()
    duplication = open_duplication(db, source)
    part = value(db, "select min(id) from public.parts")
    with Gate(db.info.dsn, "_duplication.id_map", "orig_key", part) as gate:
        first = Background(copy_level, connect(), duplication, "episodes")
        gate.wait_for()

        assert copy_level(db, duplication, "episodes", budget="50 ms") == (False, "episodes")

        assert not first.over
        gate.open()
        assert first.result() == (True, "parts")
    oracle.assert_isomorphic(db, finish(db, duplication), source)


def test_many_sessions_on_one_level_copy_each_row_once(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    source = episode(parts=6, items=5, blocks=10)
    set_batch_rows(db, 5)
    duplication = open_duplication(db, source)

    calls = [Background(finish, connect(), duplication) for _ in range(5)]
    (copy,) = {call.result() for call in calls}

    oracle.assert_isomorphic(db, copy, source)
    oracle.assert_no_other_rows(db, [source, copy])


def test_two_sessions_meet_inside_a_level_and_both_write(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    """Both are in the middle of a batch of the same level at the same time: neither waits for the other."""
    source = episode(parts=1, items=20, blocks=5)
    set_batch_rows(db, 10)
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "blocks")
    blocks = blocks_of(db)
    with (
        Gate(db.info.dsn, "public.blocks", "orig_id", blocks[0]) as one,
        Gate(db.info.dsn, "public.blocks", "orig_id", blocks[15]) as other,
    ):
        first = Background(copy_level, connect(), duplication, "blocks")
        one.wait_for()
        second = Background(copy_level, connect(), duplication, "blocks")
        other.wait_for()
        assert not first.over
        one.open()
        other.open()
        assert first.result() == second.result() == (True, None)
    oracle.assert_isomorphic(db, finish(db, duplication), source)

"""What vanished from the source after it was planned is skipped, counted and told; and nobody waits for a lock."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Connect, Episode
from tests.support.calls import (
    copy_level,
    copy_levels_before,
    finish,
    next_level,
    open_duplication,
    rows_done,
    set_batch_rows,
    status,
    value,
    verify,
)
from tests.support.faults import Gate
from tests.support.graph import Edge, Level, register
from tests.support.waiting import Background


def told(conn: psycopg.Connection, duplication: int, message: str) -> list[tuple[str, int]]:
    """The stage and the amount of each feedback event with a message."""
    return conn.execute(
        """
        select payload ->> 'stage', (payload ->> 'amount')::integer from duplication.events
        where duplication_id = %s and type = 'duplication.feedback' and payload ->> 'message' = %s order by id
        """,
        (duplication, message),
    ).fetchall()


def plan(conn: psycopg.Connection, episode: int) -> int:
    """A duplication of which everything is planned, and nothing but the root copied."""
    duplication = open_duplication(conn, episode)
    copy_levels_before(conn, duplication, "parts")
    return duplication


def test_a_part_that_vanished_is_skipped_with_everything_below_it(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=4, items=2, blocks=3)
    duplication = plan(db, source)
    db.execute("delete from public.parts where id = (select max(id) from public.parts)")

    copy = finish(db, duplication)

    oracle.assert_isomorphic(db, copy, source)
    assert told(db, duplication, "Original part not found; skipping part") == [("parts", 1)]
    assert told(db, duplication, "Original item not found; skipping item") == [("items", 2)]
    assert told(db, duplication, "Original block not found; skipping block") == [("blocks", 6)]
    assert value(db, "select count(*) from _duplication.id_map where missing") == 3
    assert verify(db, duplication) == []


def test_an_item_whose_part_is_not_in_the_plan_is_skipped_and_told(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=2, items=2, blocks=1)
    duplication = plan(db, source)
    moved = value(
        db,
        """
        with added as (insert into public.parts (episode_id, title) values (%s, 'added') returning id)
        update public.items i set part_id = a.id from added a
        where i.id = (select min(id) from public.items) returning i.id
        """,
        source,
    )

    copy = finish(db, duplication)

    assert told(db, duplication, "Missing part mapping; skipping item") == [("items", 1)]
    assert {(d.table, d.orig) for d in oracle.differences(db, copy, source)} == {
        ("public.parts", value(db, "select max(id)::text from public.parts where title = 'added'")),
        ("public.items", str(moved)),
        ("public.blocks", value(db, "select id::text from public.blocks where item_id = %s", moved)),
    }


def test_levels_without_rows_are_skipped_and_told(db: psycopg.Connection, episode: Episode) -> None:
    no_parts, no_items = open_duplication(db, episode(shape=[])), open_duplication(db, episode(shape=[[], []]))

    assert copy_level(db, no_parts, "episodes") == (True, None)
    assert copy_level(db, no_items, "episodes") == (True, "parts")
    assert copy_level(db, no_items, "parts") == (True, None)

    assert told(db, no_parts, "No new parts found for episode; skipping items") == [("parts", 0)]
    assert told(db, no_items, "No new items found for part; skipping blocks") == [("items", 0)]


def test_a_missing_row_takes_along_the_rows_below_it_in_the_same_batch(db: psycopg.Connection) -> None:
    """In a level below itself: its child, and the child of that, have a parent in the plan that will not be copied."""
    db.execute("""
        create table public.folders (id serial primary key, parent_id integer, orig_id integer);
        create index on public.folders (parent_id);
        create table public.documents (id serial primary key, folder_id integer, orig_id integer);
        create index on public.documents (folder_id);
        insert into public.folders values (1, null), (2, 1), (3, 1), (4, 2), (5, 4), (6, 3);
        insert into public.documents select 10 + id, id from public.folders;
        select setval('public.folders_id_seq', 100), setval('public.documents_id_seq', 100);
    """)
    folders = Level("folders", "public.folders", edges=[Edge("folders", "parent_id")], orig="orig_id")
    documents = Level("documents", "public.documents", edges=[Edge("folders", "folder_id")], orig="orig_id")
    register(db, "drive", [folders, documents])
    duplication = open_duplication(db, 1, "drive")
    copy_level(db, duplication, "folders", budget="0")
    while value(db, "select planned_at is null from _duplication.level_runs where level = 'folders'"):
        copy_level(db, duplication, "folders", budget="0")
    db.execute("delete from public.folders where id = 2")

    finish(db, duplication)

    copied = "select orig_id from public.{} where orig_id is not null order by orig_id"
    assert db.execute(copied.format("folders")).fetchall() == [(1,), (3,), (6,)]
    assert db.execute(copied.format("documents")).fetchall() == [(11,), (13,), (16,)]
    (row_name,) = db.execute("select row_name from duplication.levels where name = 'folders'").fetchone() or ("",)
    assert told(db, duplication, f"Original {row_name} not found; skipping {row_name}") == [("folders", 1)]
    assert told(db, duplication, f"Missing {row_name} mapping; skipping {row_name}") == [("folders", 2)]
    assert value(db, "select count(*) from _duplication.batches where level = 'folders'") == 1


def test_what_was_skipped_is_counted(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=4, items=2, blocks=3)
    duplication = plan(db, source)
    db.execute("delete from public.blocks where id in (select id from public.blocks order by id limit 5)")

    finish(db, duplication)

    assert db.execute(
        """
        select level, rows_planned, rows_done, rows_copied from duplication.progress
        where duplication_id = %s order by ordinal
        """,
        (duplication,),
    ).fetchall() == [("episodes", 1, 1, 1), ("parts", 4, 4, 4), ("items", 8, 8, 8), ("blocks", 24, 24, 19)]


def test_a_source_that_vanished_before_it_was_copied_fails_by_name(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1)
    duplication = open_duplication(db, source)
    db.execute("delete from public.episodes where id = %s", (source,))

    with pytest.raises(psycopg.Error) as caught:
        finish(db, duplication)

    assert caught.value.sqlstate == "UD004"
    assert str(source) in str(caught.value)
    assert status(db, duplication) == "failed"
    assert value(db, "select count(*) from public.episodes") == 0


def test_a_row_added_between_a_batch_and_its_check_is_not_a_lost_one(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    """A batch that finds fewer rows than planned looks again: what it then sees is newer than what it copied."""
    source = episode(parts=1, items=2, blocks=3)
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "blocks")
    db.execute("delete from public.blocks where id = (select min(id) from public.blocks)")
    last = value(db, "select max(id) from public.blocks")
    item = value(db, "select item_id from public.blocks where id = %s", last)
    with Gate(db.info.dsn, "public.blocks", "orig_id", last) as gate:
        copying = Background(finish, connect(), duplication)
        gate.wait_for()
        db.execute("insert into public.blocks (item_id, title) values (%s, 'added')", (item,))
        gate.open()

        copy = copying.result()

    differences = {(d.table.removeprefix("public."), d.orig) for d in oracle.differences(db, copy, source)}
    assert {(row[0], row[1]) for row in verify(db, duplication)} == differences


def test_rows_that_the_application_has_locked_are_copied_meanwhile(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    source = episode()
    application = connect()
    with application.transaction():
        for table in oracle.EPISODE:
            application.execute(f"select from {table.name} for update")

        copy = finish(db, open_duplication(db, source))

    oracle.assert_isomorphic(db, copy, source)


def test_a_copy_does_not_queue_behind_the_lock_of_a_table(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    """It gives up, so that nobody queues behind it, and nothing is lost by that."""
    source = episode()
    set_batch_rows(db, 7)
    db.execute("update duplication.settings set lock_timeout = '20 ms'")
    duplication = plan(db, source)
    copy_levels_before(db, duplication, "blocks")
    migration = connect()
    with migration.transaction():
        migration.execute("lock table public.blocks in access exclusive mode")

        with pytest.raises(psycopg.errors.LockNotAvailable):
            copy_level(db, duplication, "blocks")

    assert status(db, duplication) == "in_progress"
    assert next_level(db, duplication) == "blocks"
    assert rows_done(db, duplication, "blocks") == 0
    oracle.assert_isomorphic(db, finish(db, duplication), source)

"""A copy equals its source, and the source is not written."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Episode
from tests.support.calls import duplicate, finish, open_duplication, set_batch_rows, value, verify


@pytest.mark.parametrize("batch_rows", [5000, 7, 1])
def test_a_copy_equals_its_source_column_by_column_at_every_level(
    db: psycopg.Connection, episode: Episode, batch_rows: int
) -> None:
    source = episode(shape=[[3, 0, 12], [1], [2, 9]])
    set_batch_rows(db, batch_rows)

    copy = duplicate(db, source)

    oracle.assert_isomorphic(db, copy, source)


def test_a_copy_equals_the_one_made_row_by_row(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(shape=[[3, 0, 12], [1], [2, 9]])
    set_batch_rows(db, 7)

    copy = duplicate(db, source)

    oracle.assert_equal_copies(db, copy, oracle.replicate(db, source))


def test_the_rows_of_the_source_are_neither_written_nor_locked(db: psycopg.Connection, episode: Episode) -> None:
    source = episode()
    set_batch_rows(db, 7)
    before = oracle.source_fingerprint(db, source)

    duplicate(db, source)

    assert oracle.source_fingerprint(db, source) == before


def test_nothing_is_written_but_the_copy(db: psycopg.Connection, episode: Episode) -> None:
    source, bystander = episode(), episode(parts=1)
    set_batch_rows(db, 7)
    before = oracle.source_fingerprint(db, bystander)

    copy = duplicate(db, source)

    oracle.assert_no_other_rows(db, [source, bystander, copy])
    assert oracle.source_fingerprint(db, bystander) == before


def test_a_copy_is_equal_for_the_engine_too(db: psycopg.Connection, episode: Episode) -> None:
    duplication = open_duplication(db, episode())

    finish(db, duplication)

    assert verify(db, duplication) == []


def test_a_column_added_today_is_copied_today(db: psycopg.Connection, episode: Episode) -> None:
    source = episode()
    duplicate(db, source)
    db.execute('alter table public.blocks add column "Added Today" text')
    db.execute("""update public.blocks set "Added Today" = 'value ' || id where id % 3 > 0 and orig_id is null""")

    copy = duplicate(db, source)

    oracle.assert_isomorphic(db, copy, source)
    assert value(db, 'select count(distinct "Added Today") from public.blocks') == 16


def test_a_dropped_column_is_no_obstacle(db: psycopg.Connection, episode: Episode) -> None:
    source = episode()
    db.execute("alter table public.items drop column position")

    copy = duplicate(db, source)

    oracle.assert_isomorphic(db, copy, source)


def test_a_generated_column_is_generated_again(db: psycopg.Connection, episode: Episode) -> None:
    source = episode()
    db.execute("alter table public.parts add column loud text generated always as (upper(title)) stored")

    copy = duplicate(db, source)

    oracle.assert_isomorphic(db, copy, source)


def test_a_copy_has_fresh_timestamps(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1)
    for table in oracle.EPISODE:
        db.execute(f"update {table.name} set created_at = '2001-01-01', updated_at = '2002-02-02'")

    duplicate(db, source)

    for table in oracle.EPISODE:
        latest_stale = "least(created_at, updated_at) < '2003-01-01'"
        copies = f"select count(*), count(*) filter (where {latest_stale}) from {table.name} where orig_id is not null"
        (count, stale) = db.execute(copies).fetchone() or (0, 0)
        assert count > 0
        assert stale == 0, table.name

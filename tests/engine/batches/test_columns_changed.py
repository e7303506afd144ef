"""Columns that change between two batches of a level stop it; a retry goes on with the new ones."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Connect, Episode
from tests.support.calls import (
    copy_level,
    copy_levels_before,
    finish,
    open_duplication,
    rows_done,
    set_batch_rows,
    status,
    value,
)
from tests.support.faults import Gate
from tests.support.waiting import Background, eventually

BLOCKED_BY = "select count(*) from pg_stat_activity where %s = any(pg_blocking_pids(pid))"


@pytest.mark.parametrize(
    "change",
    [
        "alter table public.blocks add colour text",
        "alter table public.blocks drop column position",
        "alter table public.blocks alter position type bigint",
        "alter table public.blocks rename position to place",
    ],
)
def test_a_change_while_a_level_is_copied_stops_it_and_a_retry_goes_on(
    db: psycopg.Connection, connect: Connect, episode: Episode, change: str
) -> None:
    source = episode(parts=1, items=5, blocks=4)
    set_batch_rows(db, 4)
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "blocks")
    second_item = value(db, "select id from public.blocks order by id offset 5 limit 1")
    with Gate(db.info.dsn, "public.blocks", "orig_id", second_item) as gate:
        copying = Background(copy_level, connect(), duplication, "blocks")
        (pid,) = gate.wait_for()
        altering = Background(connect().execute, change)
        eventually(lambda: value(db, BLOCKED_BY, pid), "the change waits for the batch")
        gate.open()
        altering.result()
        error = copying.error()

    assert isinstance(error, psycopg.Error)
    assert error.sqlstate == "UD012"
    assert "public.blocks" in str(error)
    assert error.diag.message_hint
    assert status(db, duplication) == "failed"
    assert rows_done(db, duplication, "blocks") == 8
    db.execute("select duplication.retry(%s)", (duplication,))
    copy = finish(db, duplication)
    oracle.assert_isomorphic(db, copy, source)
    oracle.assert_no_other_rows(db, [source, copy])


def test_a_change_before_the_level_is_begun_does_not_matter(db: psycopg.Connection, episode: Episode) -> None:
    source = episode()
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "items")
    db.execute("alter table public.blocks add colour text")
    db.execute("update public.blocks set colour = 'colour ' || id")

    oracle.assert_isomorphic(db, finish(db, duplication), source)


def test_a_change_of_something_else_does_not_stop_a_level(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1, items=5, blocks=4)
    set_batch_rows(db, 4)
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "blocks")
    copy_level(db, duplication, "blocks", budget="0")
    db.execute("create index on public.blocks (title); alter table public.blocks set (fillfactor = 90)")
    db.execute("alter table public.blocks alter title set default 'x'; alter table public.parts add colour text")

    oracle.assert_isomorphic(db, finish(db, duplication), source)

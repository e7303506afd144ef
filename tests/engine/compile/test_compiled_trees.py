"""What a tree comes to is read from the catalog once, and again when anything it was read from has changed."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Connect, Episode
from tests.support.calls import (
    copy_level,
    copy_levels_before,
    duplicate,
    finish,
    open_duplication,
    set_batch_rows,
    value,
)
from tests.support.faults import Gate
from tests.support.waiting import Background

FINGERPRINT = "select fingerprint from _duplication.compiled_trees where tree = 'episode'"
KEPT = "select array_agg(name order by name) from pg_prepared_statements where name like 'duplication %%'"
VERSION = "select xmin::text from _duplication.compiled_trees where tree = 'episode'"

CHANGES = {
    "a column": "alter table public.blocks add remark text",
    "a column's type": "alter table public.blocks alter position type bigint",
    "a default": "alter table public.blocks alter title set default 'none'",
    "another default": "alter table public.blocks alter note set default 'other'",
    "no default any more": "alter table public.blocks alter note drop default",
    "a foreign key": "alter table public.blocks add twin_id bigint references public.blocks",
    "a foreign key of a column that was there": """
        alter table public.parts add foreign key (position) references public.numbers (id)
    """,
    "a check": "alter table public.items add constraint placed check (position >= 0)",
    "an index": "create index on public.items (title)",
    "a unique index of a partial kind": "create unique index on public.items (title) where position = -1",
    "a sequence's name": "alter sequence public.blocks_id_seq rename to numbers_of_blocks",
    "a domain": "alter domain public.short add constraint longer check (length(value) < 90)",
    "a filter": "update duplication.levels set row_filter = 'position >= 0' where tree = 'episode' and name = 'items'",
    "an edge": "update duplication.edges set row_filter = 'position >= 0' where tree = 'episode' and level = 'items'",
    "a rule": """
        insert into duplication.column_rules (tree, level, column_name, rule)
        values ('episode', 'items', 'title', 'keep')
    """,
    "the tree": "update duplication.trees set search_path = 'public, pg_temp' where name = 'episode'",
}


@pytest.fixture
def prepared(db: psycopg.Connection) -> psycopg.Connection:
    db.execute("""
        create domain public.short as text check (length(value) < 80);
        alter table public.blocks add note public.short default 'none';
        create table public.numbers (id integer primary key);
        insert into public.numbers select generate_series(0, 20)
    """)
    return db


def test_a_second_copy_compiles_nothing(db: psycopg.Connection, episode: Episode) -> None:
    source = episode()
    duplicate(db, source)
    compiled = value(db, VERSION)
    db.execute("analyze")
    duplicate(db, source)
    assert value(db, VERSION) == compiled


def test_a_session_keeps_the_plans_of_planning_and_remakes_lost_ones(db: psycopg.Connection, episode: Episode) -> None:
    db.prepare_threshold = None
    source = episode()
    duplicate(db, source)
    plans = value(db, KEPT)
    assert plans
    duplicate(db, source)
    assert value(db, KEPT) == plans
    db.execute("discard all")
    oracle.assert_isomorphic(db, duplicate(db, source), source)
    assert value(db, KEPT) == plans


def test_a_session_keeps_no_plan_for_overrides(db: psycopg.Connection, episode: Episode) -> None:
    source = episode()
    duplicate(db, source)
    kept = value(db, KEPT)
    for title in ("One", "Another"):
        options = f'{{"overrides": {{"title": "{title}"}}}}'
        value(db, "select duplication.duplicate_atomically('episode', %s, %s)", str(source), options)
    assert value(db, KEPT) == kept


def test_a_session_keeps_no_plan_for_a_table_with_triggers(db: psycopg.Connection, episode: Episode) -> None:
    db.execute("""
        create table public.modes (mode text);
        create function public.note_mode() returns trigger language plpgsql
        as $$ begin insert into public.modes values (current_setting('plan_cache_mode')); return null; end $$;
        create trigger note_mode after insert on public.parts for each statement execute function public.note_mode()
    """)
    source = episode()
    db.execute("truncate public.modes")
    oracle.assert_isomorphic(db, duplicate(db, source), source)
    assert db.execute("select mode from public.modes").fetchall() == [("auto",)]
    assert (
        value(db, "select count(*) from pg_prepared_statements where statement like '%%insert into public.parts%%'")
        == 0
    )
    assert (
        value(db, "select count(*) from pg_prepared_statements where statement like '%%insert into public.items%%'")
        == 1
    )


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen_by_the_next_copy(prepared: psycopg.Connection, episode: Episode, change: str) -> None:
    source = episode()
    duplicate(prepared, source)
    compiled = value(prepared, VERSION)
    prepared.execute(CHANGES[change].encode())
    oracle.assert_isomorphic(prepared, duplicate(prepared, source), source)
    assert value(prepared, VERSION) != compiled


def test_changes_of_one_transaction_are_told_apart(prepared: psycopg.Connection, episode: Episode) -> None:
    """As where the tests of an application migrate, copy, and undo it all."""
    source = str(episode())
    atomically = "select duplication.duplicate_atomically('episode', %s)"
    with prepared.transaction(force_rollback=True):
        prepared.execute("alter table public.blocks add remark text")
        value(prepared, atomically, source)
        for change in (
            "alter table public.blocks rename remark to notice",
            "update duplication.levels set row_filter = 'position > 1' where tree = 'episode' and name = 'blocks'",
            "update duplication.levels set row_filter = 'position > 0' where tree = 'episode' and name = 'blocks'",
        ):
            compiled = value(prepared, FINGERPRINT)
            prepared.execute(change.encode())
            value(prepared, atomically, source)
            assert value(prepared, FINGERPRINT) != compiled


def test_a_renamed_table_is_asked_for_again(db: psycopg.Connection, episode: Episode) -> None:
    source = episode()
    duplicate(db, source)
    db.execute("alter table public.blocks rename to bricks")
    with pytest.raises(psycopg.Error, match=r"there is no table public\.blocks") as caught:
        duplicate(db, source)
    assert caught.value.sqlstate == "UD010"


def test_a_foreign_key_added_between_two_levels_is_followed(db: psycopg.Connection, episode: Episode) -> None:
    """The level was compiled when the run began, and is compiled again when its turn comes."""
    source = episode()
    db.execute("alter table public.blocks add part_id bigint")
    db.execute("""
        update public.blocks as b set part_id = i.part_id from public.items as i where i.id = b.item_id
    """)
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "blocks")
    db.execute("alter table public.blocks add foreign key (part_id) references public.parts")
    finish(db, duplication)
    strays = """
        select count(*) from public.blocks as b
        inner join public.items as i on i.id = b.item_id
        where b.orig_id is not null and b.part_id <> i.part_id
    """
    assert value(db, strays) == 0


def test_overrides_are_of_one_run_only(db: psycopg.Connection, episode: Episode) -> None:
    source = str(episode())
    request = "select duplication.request_duplication('episode', %s, %s)"
    titles = []
    for options in ("{}", '{"overrides": {"title": "Another"}}', "{}"):
        copy = finish(db, value(db, request, source, options))
        titles.append(value(db, "select title from public.episodes where id = %s::bigint", copy))
    original = value(db, "select title from public.episodes where id = %s::bigint", source)
    assert titles == [original, "Another", original]


def test_an_edge_removed_in_the_middle_of_planning_stops_the_copy_by_name(
    db: psycopg.Connection, episode: Episode
) -> None:
    db.execute("update duplication.settings set batch_rows = 1, target_batch_ms = null")
    duplication = open_duplication(db, episode())
    copy_level(db, duplication, "episodes", budget="0")
    copy_level(db, duplication, "episodes", budget="0")
    db.execute("delete from _duplication.compiled_edges where level = 'items'")
    with pytest.raises(psycopg.Error, match="the edge from parts to items was removed") as caught:
        finish(db, duplication)
    assert caught.value.sqlstate == "UD010"


@pytest.mark.parametrize("table", ["public.items", "public.things"], ids=["as it was", "of another name"])
def test_a_levels_table_is_locked_when_the_level_starts(
    db: psycopg.Connection, connect: Connect, episode: Episode, table: str
) -> None:
    set_batch_rows(db, 1)
    duplication = open_duplication(db, episode())
    copy_levels_before(db, duplication, "items")
    if table == "public.things":
        db.execute("alter table public.items rename to things")
        db.execute("update duplication.levels set relation = 'public.things' where name = 'items'")
    session = connect()
    with session.transaction(force_rollback=True):
        session.execute("select _duplication.advance_level(%s, 'items')", (duplication,))

        locks = "select array_agg(mode) from pg_locks where relation = %s::regclass and pid = %s"
        assert "RowExclusiveLock" in value(db, locks, table, session.info.backend_pid)


def test_a_tree_stays_as_it_is_compiled_while_the_first_step_runs(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    source = episode()
    part = value(db, "select min(id) from public.parts")
    other = connect()
    other.execute("set lock_timeout = '50 ms'")
    with Gate(db.info.dsn, "_duplication.id_map", "orig_key", part) as gate:
        copying = Background(duplicate, connect(), source)
        gate.wait_for()

        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("alter table public.blocks add foreign key (orig_id) references public.blocks")

        gate.open()
        oracle.assert_isomorphic(db, copying.result(), source)

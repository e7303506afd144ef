"""Rows that a trigger or a rule of the application drops or changes on their way are found, not followed."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Episode
from tests.support.calls import (
    copy_level,
    copy_levels_before,
    duplicate,
    finish,
    open_duplication,
    rows_done,
    set_batch_rows,
    status,
    value,
)


@pytest.fixture
def db(emptied: psycopg.Connection) -> psycopg.Connection:
    return emptied


def before_insert(conn: psycopg.Connection, table: str, statement: str) -> None:
    """A trigger that runs a statement before each copied row is inserted."""
    conn.execute(f"""
        create function public.meddle() returns trigger language plpgsql as $$
        begin
            if new.orig_id is not null then
                {statement}
            end if;
            return new;
        end
        $$;
        create trigger meddle before insert on public.{table} for each row execute function public.meddle();
    """)


def fail(conn: psycopg.Connection, source: int) -> tuple[int, psycopg.Error]:
    duplication = open_duplication(conn, source)
    with pytest.raises(psycopg.Error) as caught:
        finish(conn, duplication)
    return duplication, caught.value


def last_of(conn: psycopg.Connection, table: str) -> int:
    return int(value(conn, f"select max(id) from public.{table}"))


@pytest.mark.parametrize(
    ("level", "plan_rows"),
    [("episodes", False), ("parts", False), ("items", False), ("blocks", False), ("blocks", True)],
)
def test_a_row_that_a_trigger_swallows_is_named(
    db: psycopg.Connection, episode: Episode, level: str, plan_rows: bool
) -> None:
    source = episode(parts=2, items=2, blocks=2)
    db.execute("update duplication.levels set plan_rows = %s where tree = 'episode' and name = 'blocks'", (plan_rows,))
    swallowed = last_of(db, level)
    before_insert(db, level, f"if new.orig_id = {swallowed} then return null; end if;")

    duplication, error = fail(db, source)

    assert error.sqlstate == "UD011"
    assert f"public.{level}" in str(error)
    if level != "blocks" or plan_rows:
        assert str(swallowed) in str(error)
    assert "trigger" in (error.diag.message_hint or "")
    assert status(db, duplication) == "failed"
    assert value(db, f"select count(*) from public.{level} where orig_id is not null") == 0


@pytest.mark.parametrize("level", ["episodes", "parts", "items"])
def test_a_row_to_which_a_trigger_gives_another_key_is_named(
    db: psycopg.Connection, episode: Episode, level: str
) -> None:
    source = episode(parts=2, items=2, blocks=2)
    changed = last_of(db, level)
    before_insert(db, level, f"if new.orig_id = {changed} then new.id := new.id + 1000000; end if;")

    duplication, error = fail(db, source)

    assert error.sqlstate == "UD011"
    assert f"public.{level}" in str(error)
    assert str(changed) in str(error)
    assert error.diag.message_hint
    assert status(db, duplication) == "failed"
    assert value(db, f"select count(*) from public.{level} where orig_id is not null") == 0


def test_a_source_that_vanishes_between_plan_and_copy_is_named(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1, items=1, blocks=1)
    duplication = open_duplication(db, source)
    while value(db, "select count(*) from _duplication.level_runs where planned_at is not null") < 4:
        copy_level(db, duplication, "episodes", budget="0")
    assert value(db, "select count(*) from public.episodes") == 1
    db.execute("delete from public.episodes")

    with pytest.raises(psycopg.Error, match=f"episode {source} ") as caught:
        finish(db, duplication)

    assert caught.value.sqlstate == "UD004"
    assert caught.value.diag.message_hint


def test_two_rows_that_exchange_their_keys_are_named(db: psycopg.Connection, episode: Episode) -> None:
    """All planned keys are there, each with the wrong row."""
    source = episode(parts=2, items=1, blocks=1)
    one, other = (row[0] for row in db.execute("select id from public.parts order by id"))
    before_insert(
        db,
        "parts",
        f"""
        new.id := (
            select m.new_key::bigint from _duplication.id_map m
            where m.orig_key = ({one} + {other} - new.orig_id)::text
        );
        """,
    )

    _, error = fail(db, source)

    assert error.sqlstate == "UD011"


def test_a_trigger_may_give_the_key_where_the_plan_gives_none(db: psycopg.Connection, episode: Episode) -> None:
    """Nothing refers to blocks, so the plan has no keys for them."""
    source = episode(parts=2, items=2, blocks=2)
    before_insert(db, "blocks", "new.id := new.id + 1000000;")

    copy = duplicate(db, source)

    oracle.assert_isomorphic(db, copy, source)


def test_a_key_of_its_own_is_found_where_a_leaf_is_planned_row_by_row(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1, items=1, blocks=9)
    set_batch_rows(db, 4)
    before_insert(db, "blocks", "new.id := new.id + 1000000;")

    duplication, error = fail(db, source)

    assert error.sqlstate == "UD011"
    assert rows_done(db, duplication, "blocks") == 0


def test_a_rule_that_swallows_rows_is_named(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1, items=1, blocks=1)
    db.execute("create rule swallow as on insert to public.parts do instead nothing")

    duplication, error = fail(db, source)

    assert error.sqlstate in ("UD011", "0A000")
    assert "parts" in str(error)
    assert error.diag.message_hint
    assert status(db, duplication) == "failed"


def test_a_trigger_may_change_other_columns(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=2, items=2, blocks=2)
    before_insert(db, "items", "new.title := upper(new.title);")

    duplicate(db, source)

    changed = value(
        db, "select count(*) from public.items c join public.items s on s.id = c.orig_id where c.title = upper(s.title)"
    )
    assert changed == 4


def test_a_trigger_sees_the_search_path_of_the_tree(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1, items=1, blocks=1)
    before_insert(db, "items", "perform from parts where id = new.part_id; new.title := current_schemas(false)::text;")

    duplicate(db, source)

    assert value(db, "select title from public.items where orig_id is not null") == "{public}"


def test_once_the_trigger_is_mended_a_retry_copies_the_rest(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=2, items=2, blocks=2)
    before_insert(db, "items", "return null;")
    duplication, _ = fail(db, source)
    db.execute("drop trigger meddle on public.items")
    db.execute("select duplication.retry(%s)", (duplication,))

    copy_levels_before(db, duplication, "items")
    copy = finish(db, duplication)

    oracle.assert_isomorphic(db, copy, source)
    oracle.assert_no_other_rows(db, [source, copy])

"""What a column of a copied row becomes: read from the catalog for each run, and from the tree's rules."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.types.json import Json

from tests.support import oracle
from tests.support.aliases import Connect, Episode
from tests.support.calls import (
    duplicate,
    finish,
    set_batch_rows,
    value,
)


@pytest.fixture
def db(emptied: psycopg.Connection) -> psycopg.Connection:
    return emptied


def copies(conn: psycopg.Connection, column: str, table: str = "blocks") -> set[object]:
    """What the copied rows of a table have in a column."""
    return {row[0] for row in conn.execute(f"select {column} from public.{table} where orig_id is not null")}


def add_rule(
    conn: psycopg.Connection, column: str, rule: str, expression: str | None = None, level: str | None = "blocks"
) -> None:
    conn.execute(
        "insert into duplication.column_rules values ('episode', %s, %s, %s, %s)", (level, column, rule, expression)
    )


def test_a_column_added_between_two_runs_is_copied_by_the_second(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    """In a session that has copied before, too."""
    source = episode()
    copier = connect()
    duplicate(copier, source)
    db.execute("alter table public.blocks add colour text not null default 'white'")
    db.execute("update public.blocks set colour = 'colour ' || id where orig_id is null")

    copy = duplicate(copier, source)

    oracle.assert_isomorphic(db, copy, source)
    assert value(db, "select count(distinct colour) from public.blocks where orig_id is not null") == 25


def test_a_generated_column_is_left_to_the_table(db: psycopg.Connection, episode: Episode) -> None:
    """Of a copied value and of the row's own new key."""
    source = episode(parts=1)
    for table in ("episodes", "parts", "items", "blocks"):
        db.execute(f"alter table public.{table} add slug text generated always as (id || '-' || title) stored")
    set_batch_rows(db, 5)

    copy = duplicate(db, source)

    assert value(db, "select slug = id || '-' || title from public.episodes where id = %s", int(copy)) is True
    assert copies(db, "slug = id || '-' || title") == {True}


def test_timestamps_are_fresh_and_a_rule_of_the_level_can_keep_them(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1)
    tables = ("episodes", "parts", "items")
    for table in (*tables, "blocks"):
        db.execute(f"update public.{table} set created_at = '2001-01-01', updated_at = '2002-02-02'")
    add_rule(db, "created_at", "keep")

    duplicate(db, source)

    assert copies(db, "created_at = '2001-01-01'") == {True}
    assert copies(db, "updated_at > '2003-01-01'") == {True}
    for table in tables:
        assert copies(db, "least(created_at, updated_at) > '2003-01-01'", table) == {True}


@pytest.mark.parametrize("plan_rows", [False, True], ids=["planned by parents", "planned row by row"])
def test_rules_say_what_else_a_column_becomes(db: psycopg.Connection, episode: Episode, plan_rows: bool) -> None:
    source = episode(parts=1)
    db.execute("update duplication.levels set plan_rows = %s where tree = 'episode' and name = 'blocks'", (plan_rows,))
    db.execute("alter table public.blocks add a text default 'A', add b text, add c text, add d text default 'D'")
    db.execute("update public.blocks set a = 'own', b = 'own', c = 'own', d = 'own'")
    add_rule(db, "a", "default")
    add_rule(db, "b", "null")
    add_rule(db, "c", "set", "concat(s.c, ' of ', s.id, ' ''quoted'' %I %')")
    add_rule(db, "d", "keep")

    duplicate(db, source)

    assert copies(db, "concat_ws(',', a, b is null, d)") == {"A,t,own"}
    assert copies(db, "c = concat('own of ', orig_id, ' ''quoted'' %I %')") == {True}


def test_a_rule_without_a_level_is_for_every_level(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1)
    add_rule(db, "position", "set", "77", level=None)
    add_rule(db, "position", "keep")

    duplicate(db, source)

    for table in ("episodes", "parts", "items"):
        assert copies(db, "position", table) == {77}
    assert copies(db, "position") == {0, 1, 2, 3}


def test_overrides_are_for_the_new_root_alone(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1)
    db.execute("alter table public.episodes add tags text[], add price numeric, add kept text default 'kept'")
    title = 'it\'s "new" \\ % $1 «ж» 🦊'
    overrides = {"title": title, "content": {"a": [None]}, "position": 7, "tags": ["x", "y"], "price": 1.5}
    duplication = value(
        db,
        "select duplication.request_duplication('episode', %s, jsonb_build_object('overrides', %s::jsonb))",
        str(source),
        Json(overrides),
    )

    copy = finish(db, duplication)

    found = db.execute(
        "select title, content, position, tags, price::float, kept, orig_id from public.episodes where id = %s", (copy,)
    ).fetchone()
    assert found == (title, {"a": [None]}, 7, ["x", "y"], 1.5, "kept", source)
    assert title not in copies(db, "title", "parts")


def test_an_override_wins_over_a_rule_and_may_be_null(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=0)
    db.execute("alter table public.episodes add note text default 'default'")
    db.execute("update public.episodes set note = 'own'")
    add_rule(db, "note", "default", level="episodes")
    options = '{"overrides": {"note": null, "created_at": "2001-01-01T00:00:00Z"}}'

    copy = finish(
        db, value(db, "select duplication.request_duplication('episode', %s, %s::jsonb)", str(source), options)
    )

    found = db.execute(
        "select note, extract(year from created_at) from public.episodes where id = %s", (copy,)
    ).fetchone()
    assert found == (None, 2001)


def test_an_override_of_a_generated_column_is_refused(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=0)
    db.execute("alter table public.episodes add slug text generated always as (upper(title)) stored")

    with pytest.raises(psycopg.Error, match="slug") as caught:
        db.execute(
            "select duplication.request_duplication('episode', %s, %s)", (str(source), '{"overrides": {"slug": "X"}}')
        )

    assert caught.value.sqlstate == "UD016"

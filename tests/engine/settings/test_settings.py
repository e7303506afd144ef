"""Settings: what was set is kept, what was not follows the defaults, null is off, and each says what it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.engine.conftest import NewRole
from tests.support.calls import value

VIEW = "duplication.settings"
DEFINITION = Path(__file__).parents[3] / "sql/procedures/02_settings/01_settings.sql"


@pytest.fixture
def db(emptied: psycopg.Connection) -> psycopg.Connection:
    return emptied


def settings(conn: psycopg.Connection) -> dict[str, tuple[str, Any, str]]:
    """Each setting's type, what it is, and its comment."""
    found = conn.execute(
        """
        select a.attname, format_type(a.atttypid, a.atttypmod), to_jsonb(s) -> a.attname,
            col_description(a.attrelid, a.attnum)
        from pg_attribute a cross join duplication.settings s
        where a.attrelid = 'duplication.settings'::regclass and a.attnum > 0 and not a.attisdropped
        """
    ).fetchall()
    return {name: (kind, now, comment) for name, kind, now, comment in found}


def put(conn: psycopg.Connection, name: str, to: object) -> None:
    conn.execute(sql.SQL("update duplication.settings set {} = %s").format(sql.Identifier(name)), (to,))


def is_set(conn: psycopg.Connection) -> list[str]:
    """The names of what is stored, with what is switched off."""
    names = conn.execute(
        "select n.key from _duplication.stored_settings s cross join jsonb_each_text(to_jsonb(s)) n "
        "where n.value is not null and n.key not in ('singleton', 'switched_off') or n.key = any (s.switched_off)"
    )
    return sorted(name for (name,) in names)


def test_each_setting_says_its_unit_its_default_and_what_null_means(db: psycopg.Connection) -> None:
    found = settings(db)
    assert len(found) == 24
    for name, (kind, now, comment) in found.items():
        told = re.fullmatch(r".+\. Unit: ([\w ]+)\. Default: ([^.]+)\.( Null: .+\.)?", comment)
        assert told, (name, comment)
        unit, default, null = told.groups()
        assert (unit == "interval") == (kind == "interval"), name
        assert (unit == "true or false") == (kind == "boolean"), name
        shown = None if default == "null" else value(db, f"select to_jsonb('{default}'::{kind})")
        assert shown == now, name
        put(db, name, "1 min" if kind == "interval" else "1")
        if null:
            put(db, name, None)
        else:
            with pytest.raises(psycopg.errors.CheckViolation) as caught:
                put(db, name, None)
            assert caught.value.diag.constraint_name == "only_these_can_be_switched_off"


@pytest.mark.parametrize(
    ("name", "to", "other"), [("max_active", 5, 9), ("max_active_sessions", 50, 99), ("max_active_sessions", 50, None)]
)
def test_a_new_default_reaches_what_was_never_set(
    db: psycopg.Connection, name: str, to: int, other: int | None
) -> None:
    """And neither what was set, nor what was switched off."""
    definition = DEFINITION.read_text(encoding="utf-8")
    changed = definition.replace(f"s.{name}, {to})", f"s.{name}, 7)")
    assert changed != definition
    put(db, "max_attempts", 3)
    db.execute(changed.encode())
    try:
        assert value(db, f"select {name} from {VIEW}") == 7
        put(db, name, other)
        assert value(db, f"select {name} from {VIEW}") == other
        db.execute(definition.encode())
        assert value(db, f"select {name} from {VIEW}") == other
        db.execute("select duplication.reset_setting(%s)", (name,))
        assert value(db, f"select {name} from {VIEW}") == to
    finally:
        db.execute(definition.encode())
    assert value(db, f"select max_attempts from {VIEW}") == 3


def test_an_update_stores_what_it_changes_and_nothing_else(db: psycopg.Connection) -> None:
    db.execute("update duplication.settings set max_active = max_active, lease = '15 s', purge_after = null")
    assert is_set(db) == []
    db.execute("update duplication.settings set max_active = 6, lease = '15 s', max_cpu_percent = null")
    assert is_set(db) == ["max_active", "max_cpu_percent"]
    db.execute("update duplication.settings set max_cpu_percent = 70")
    assert value(db, "select switched_off from _duplication.stored_settings") == []


def test_a_reset_gives_the_default_back(db: psycopg.Connection) -> None:
    before = settings(db)
    for name, (kind, _, comment) in before.items():
        other = {"interval": "7 s", "boolean": "false"}.get(kind, "7")
        put(db, name, None if "Null: " in comment else other)
    for name in before:
        db.execute("select duplication.reset_setting(%s)", (name,))
    assert settings(db) == before
    assert is_set(db) == []


@pytest.mark.parametrize("name", ["singleton", "switched_off", "no such", None])
def test_what_is_no_setting_is_not_reset(db: psycopg.Connection, name: str | None) -> None:
    with pytest.raises(psycopg.Error) as caught:
        db.execute("select duplication.reset_setting(%s)", (name,))
    assert caught.value.sqlstate == "UD016"
    assert "max_active" in str(caught.value.diag.message_hint)


@pytest.mark.parametrize(
    "statement", ["delete from {}", "insert into {} default values", "insert into {} values (true)"]
)
def test_the_row_is_neither_deleted_nor_joined_by_another(db: psycopg.Connection, statement: str) -> None:
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState) as caught:
        db.execute(statement.format(VIEW).encode())
    assert "Update it" in str(caught.value.diag.message_hint)


def test_every_limit_is_kept(db: psycopg.Connection) -> None:
    refused = 0
    for name, (kind, _, _) in settings(db).items():
        if kind == "boolean":
            continue
        for to in ("-1", "-1 s")[kind == "interval"], ("101" if name == "max_cpu_percent" else None):
            if to is not None:
                with pytest.raises(psycopg.errors.CheckViolation) as caught:
                    put(db, name, to)
                assert str(caught.value.diag.constraint_name).startswith(f"{name}_is_")
                refused += 1
    assert refused == 24


def test_who_sets_needs_rights_on_the_view_alone(db: psycopg.Connection, new_role: NewRole) -> None:
    somebody = new_role("""
        grant usage on schema duplication to {role};
        grant select, update on duplication.settings to {role};
        grant execute on function duplication.reset_setting to {role};
    """)
    somebody.execute("update duplication.settings set max_active = 4, purge_after = '1 day'")
    assert somebody.execute("select max_active from duplication.settings").fetchone() == (4,)
    somebody.execute("select duplication.reset_setting('max_active')")
    assert is_set(db) == ["purge_after"]


def test_who_may_only_read_sets_nothing(db: psycopg.Connection, new_role: NewRole) -> None:
    reader = new_role("grant usage on schema duplication to {role}; grant select on duplication.settings to {role}")
    for statement in ("update duplication.settings set lease = '9 s'", "select duplication.reset_setting('lease')"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(statement.encode())

"""The manual in the database: what is public fits a screen, and says what it is, what it takes and how it is typed."""

from __future__ import annotations

import re

import psycopg
import pytest

ROUTINES = """
select p.proname, p.prokind::text, p.proargnames[1:coalesce(array_length(p.proallargtypes, 1), p.pronargs)],
    p.proargmodes::text[], p.prosecdef, obj_description(p.oid, 'pg_proc')
from pg_proc p where p.pronamespace = 'duplication'::regnamespace order by 1
"""
RELATIONS = """
select c.relname, obj_description(c.oid, 'pg_class')
from pg_class c where c.relnamespace = 'duplication'::regnamespace and c.relkind in ('r', 'v') order by 1
"""
COLUMNS = """
select c.relname || '.' || a.attname
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'duplication'::regnamespace and c.relkind in ('r', 'v')
    and col_description(c.oid, a.attnum) is null
order by c.relname, a.attnum
"""
PAGE = r"""(?P<purpose>\S.*?)

(?P<parameters>Parameters.*?)
Returns: (?P<returns>.+?)
Errors: (?P<errors>.+?)
Commits: (?P<commits>.+?)
Rights: (?P<rights>.+?)
Example: (?P<example>(select|call) .+;)"""


def pages(db: psycopg.Connection) -> dict[str, tuple[str, set[str], bool, re.Match[str]]]:
    """Of each public routine: its kind, its parameters, whether it has its owner's rights, and its page."""
    found = {}
    for name, kind, names, modes, definer, comment in db.execute(ROUTINES).fetchall():
        parameters = {argument for argument, mode in zip(names or [], modes or names or [], strict=True) if mode != "t"}
        page = re.fullmatch(PAGE, comment or "", re.DOTALL)
        assert page, f"{name}: {comment}"
        found[name] = (kind, parameters, definer, page)
    return found


def test_what_is_public_fits_a_screen(db: psycopg.Connection) -> None:
    assert 20 <= len(db.execute(ROUTINES).fetchall()) <= 40
    assert 5 <= len(db.execute(RELATIONS).fetchall()) <= 20


def test_each_public_routine_has_a_page_of_the_manual(db: psycopg.Connection) -> None:
    for name, (kind, parameters, definer, page) in pages(db).items():
        assert set(re.findall(r"^  (p_\w+): ", page["parameters"], re.MULTILINE)) == parameters, name
        assert f"duplication.{name}" in page["example"]
        assert (kind == "p") == (page["commits"] != "no."), f"{name}: what commits is a procedure"
        assert ("owner's rights" in page["rights"]) == definer, name
        assert max(map(len, page[0].splitlines())) <= 120, name


@pytest.mark.parametrize("schema", ["duplication", "_duplication"])
def test_each_table_and_view_says_what_it_is(db: psycopg.Connection, schema: str) -> None:
    found = db.execute(RELATIONS.replace("'duplication'", f"'{schema}'").encode()).fetchall()
    assert [name for name, comment in found if not comment] == []


def test_each_column_of_what_is_public_says_what_it_is(db: psycopg.Connection) -> None:
    assert [name for (name,) in db.execute(COLUMNS)] == []


def sqlstate_of(db: psycopg.Connection, statement: str) -> str | None:
    """The error of a statement, if there is one."""
    try:
        db.execute(statement.encode())
    except psycopg.Error as error:
        return error.sqlstate
    return None


def test_every_example_runs(db: psycopg.Connection) -> None:
    """As far as it does not lack the duplication, or the root, that it is for."""
    for name, (*_, page) in pages(db).items():
        assert sqlstate_of(db, page["example"]) in (None, "UD003", "UD004"), name

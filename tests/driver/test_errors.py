"""Errors are told apart by their SQLSTATE, and SQL is written in one module only."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from duplication import errors
from duplication.engine import Engine
from duplication.migrations import find_sql_home

PROCEDURES = find_sql_home() / "procedures"
DRIVER = Path(errors.__file__).parent
MODULES = sorted(DRIVER.rglob("*.py"))
STATEMENT = re.compile(
    r"^\s*(select|insert\s+into|update\s+\w|delete\s+from|with\s+\w+\s+as|call\s+\w|create|alter|drop)\s", re.I
)
TEXT_OF_AN_ERROR = {"message", "message_primary", "message_detail", "message_hint", "detail", "hint", "args", "pgerror"}
READING_A_TEXT = {
    "startswith",
    "endswith",
    "find",
    "index",
    "search",
    "match",
    "fullmatch",
    "findall",
    "split",
    "count",
}


def raised_states() -> set[str]:
    """Every SQLSTATE of ours that a routine raises."""
    found: set[str] = set()
    for path in PROCEDURES.rglob("*.sql"):
        found |= set(re.findall(r"errcode\s*=\s*'(UD\d{3})'", path.read_text()))
    return found


def test_every_sqlstate_that_the_engine_raises_has_an_exception() -> None:
    ours = {state: kind for state, kind in errors.CLASSES.items() if state.startswith("UD")}
    assert raised_states() == set(ours)
    assert len(set(ours.values())) == len(ours), "each has its own"
    for state, kind in ours.items():
        assert kind.__doc__ is not None
        assert kind.__doc__.startswith(f"{state}: ")


def test_every_sqlstate_of_ours_is_sorted_by_the_engine_and_explained(engine: Engine) -> None:
    design = (PROCEDURES.parent.parent / "docs" / "design.md").read_text()
    for state in raised_states():
        assert engine.classify_error(state) in {"lasting", "stop"}
        assert f"| {state} |" in design


def test_an_error_of_the_database_becomes_the_exception_of_its_sqlstate(db: psycopg.Connection) -> None:
    for state, kind in errors.CLASSES.items():
        with pytest.raises(kind) as caught, errors.translated_errors():
            db.execute(f"""
                do $$ begin
                    raise exception using errcode = '{state}', message = 'unknown tree', detail = 'd', hint = 'h',
                        schema = 's', table = 't';
                end $$
            """)
        error = caught.value
        assert type(error) is kind
        assert error.as_dict() | {"context": None} == {
            "sqlstate": state,
            "message": "unknown tree",
            "detail": "d",
            "hint": "h",
            "context": None,
            "relation": "s.t",
        }
        assert error.context


def test_an_error_of_another_sqlstate_keeps_it(db: psycopg.Connection) -> None:
    with pytest.raises(errors.DatabaseError) as caught, errors.translated_errors():
        db.execute("select 1 / 0")
    assert (type(caught.value), caught.value.sqlstate) == (errors.DatabaseError, "22012")


def test_a_lost_session_has_no_sqlstate_and_an_exception(db: psycopg.Connection) -> None:
    with psycopg.connect(db.info.dsn, autocommit=True) as other:
        db.execute("select pg_terminate_backend(%s, 10000)", (other.info.backend_pid,))
        with pytest.raises(errors.ConnectionLost), errors.translated_errors():
            other.execute("select 1")
        with pytest.raises(errors.ConnectionLost) as caught, errors.translated_errors():
            other.execute("select 1")
    assert caught.value.sqlstate is None


def test_no_decision_is_made_by_the_text_of_an_error() -> None:
    found = [f"{path.name}:{line}" for path in MODULES for line in readings_of_texts(ast.parse(path.read_text()))]
    assert found == []


def readings_of_texts(tree: ast.AST) -> Iterator[int]:
    """The lines on which a text of an error, or str() of one, is compared, searched or taken apart."""
    for node in ast.walk(tree):
        looked_at: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            looked_at = [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READING_A_TEXT:
            looked_at = [node.func.value, *node.args]
        if any(is_text_of_an_error(part) for part in looked_at):
            yield node.lineno  # type: ignore[attr-defined]


def is_text_of_an_error(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in TEXT_OF_AN_ERROR
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"str", "repr"}:
        return any(isinstance(part, ast.Name) and part.id in {"error", "exception"} for part in node.args)
    return False


def test_sql_is_written_in_one_module() -> None:
    trees = {path.name: ast.parse(path.read_text()) for path in MODULES}
    assert {name for name, tree in trees.items() if any(statements(tree))} == {"engine.py"}
    # migrations.py runs the files of sql/
    assert {name for name, tree in trees.items() if any(runs(tree))} == {"engine.py", "migrations.py"}


def statements(tree: ast.AST) -> Iterator[str]:
    """The strings that are SQL."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in prose else None
        if isinstance(text, str) and STATEMENT.match(text):
            yield text


def runs(tree: ast.AST) -> Iterator[str]:
    """The calls that would run SQL."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "execute":
            yield ast.unparse(node)

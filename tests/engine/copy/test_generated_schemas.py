"""Generated schemas, declared as trees and copied by the engine, compared with what the oracle says a copy is.

`make schemas` tries more of them than `make test` does, other ones each time: it prints their seed, and takes one with
`ARGS="--hypothesis-seed=…"`. With `--hypothesis-show-statistics` it says what was in them.
"""

from __future__ import annotations

import itertools
import os

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, event, given, note, seed, settings

from tests.support import graph
from tests.support.calls import copy_level, next_level, status, value, verify
from tests.support.schemas.example import TREE, Example, examples

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "24"))
# so that the workers share them
PARTS = 4 if EXAMPLES < 100 else 20
MOST_STEPS = 1000

Stored = dict[str, list[tuple[str, ...]]]


@pytest.mark.parametrize("part", range(PARTS))
def test_any_schema_is_copied_and_discarded(shared: psycopg.Connection, part: int, pytestconfig: pytest.Config) -> None:
    base = pytestconfig.getoption("--hypothesis-seed") or "0"

    @seed(f"{base}, part {part} of {PARTS}")
    @settings(
        print_blob=False,
        max_examples=EXAMPLES // PARTS,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(example=examples())
    def check(example: Example) -> None:
        for feature in example.features():
            event(feature)
        check_example(shared, second, example)

    shared.execute("set client_min_messages to warning")
    with psycopg.connect(shared.info.dsn, autocommit=True) as second:
        check()


def check_example(conn: psycopg.Connection, second: psycopg.Connection, example: Example) -> None:
    note(example.script)
    try:
        conn.execute(example.setup.encode())
        check_copy(conn, second, example)
    finally:
        conn.execute(example.teardown.encode())


def check_copy(conn: psycopg.Connection, second: psycopg.Connection, example: Example) -> None:
    """The copy is what the oracle expects, the engine finds so too, and nothing of it stays when it is discarded."""
    before, stored = graph.snapshot(conn, example.graph), stored_rows(conn, example)
    check_preview(conn, example, before)

    duplication = copy(conn, second, example)

    assert status(conn, duplication) == "completed"
    graph.assert_copied(conn, example.graph, example.root_key, before)
    assert not lost(stored, stored_rows(conn, example)), "rows that were there were written"
    differences = verify(conn, duplication)
    assert not differences, f"verify says: {differences}"

    conn.execute("call duplication.discard(%s)", (duplication,))
    graph.assert_nothing_new(conn, example.graph, before)
    assert stored_rows(conn, example) == stored


def copy(conn: psycopg.Connection, second: psycopg.Connection, example: Example) -> int:
    """Duplicate the root in the way the example says; returns the duplication's id."""
    match example.way:
        case "atomic":
            with conn.transaction():
                conn.execute("set transaction isolation level repeatable read")
                conn.execute("select duplication.duplicate_atomically(%s, %s)", (TREE, example.root_key))
            return int(value(conn, "select max(id) from duplication.duplications where tree = %s", TREE))
        case "duplicate":
            row = conn.execute("call duplication.duplicate(%s, %s)", (TREE, example.root_key)).fetchone()
            assert row is not None
            return int(row[0])
    duplication = int(value(conn, "select _duplication.open_duplication(%s, %s)", TREE, example.root_key))
    budget = None if example.way == "levels" else "0"
    sessions = itertools.cycle([conn, second] if example.way == "two sessions" else [conn])
    for session in itertools.islice(sessions, MOST_STEPS):
        level = next_level(session, duplication)
        if level is None:
            break
        copy_level(session, duplication, level, budget)
    return duplication


def check_preview(conn: psycopg.Connection, example: Example, before: graph.Snapshot) -> None:
    """It foretells what is going to be copied, and that nothing is in the way."""
    expected = graph.expected_copy(before, example.graph, example.root_key)
    found = conn.execute(
        "select level, rows, conflicts from duplication.preview(%s, %s, true)", (TREE, example.root_key)
    ).fetchall()
    conflicts = [row for row in found if row[2]]
    assert not conflicts, f"conflicts: {conflicts}"
    counts = {level: rows for level, rows, _ in found if level in expected}
    expected_counts = {level: rows.total() for level, rows in expected.items()}
    assert counts == expected_counts, f"{counts} foretold, {expected_counts} expected"


def stored_rows(conn: psycopg.Connection, example: Example) -> Stored:
    """Each row with where it is stored and who wrote it: the same until it is written."""
    return {
        level.name: conn.execute(
            f"select ctid::text, xmin::text, t::text from {level.table} t order by 1".encode()
        ).fetchall()
        for level in example.graph
    }


def lost(before: Stored, after: Stored) -> list[tuple[str, ...]]:
    return [row for level, rows in before.items() for row in set(rows) - set(after[level])]

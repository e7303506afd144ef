"""Generated episodes, of any shape and with columns of every common type, copied by the engine and row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import psycopg
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg import sql

from tests.support import oracle
from tests.support.calls import finish, open_duplication, set_batch_rows, verify
from tests.support.values import NAMES, TYPES, add_columns, values

TABLES = ("episodes", "parts", "items", "blocks")
PARENTS = {"parts": "episode_id", "items": "part_id", "blocks": "item_id"}


class Node(NamedTuple):
    """A row to be: what its columns hold, and the rows below it."""

    values: Sequence[object]
    below: Sequence[Node]


# Values are expensive to draw: a tree draws a few rows of them and uses each wherever it likes.
def nodes(depth: int, rows: Sequence[Sequence[object]]) -> st.SearchStrategy[Node]:
    # mostly few, sometimes none, sometimes more than a batch holds
    most = st.sampled_from([0, 1, 2, 3, 15 if depth == 1 else 5])
    below = most.flatmap(lambda n: st.lists(nodes(depth - 1, rows), max_size=n)) if depth else st.just([])
    return st.builds(Node, st.sampled_from(rows), below)


trees = st.lists(values, min_size=1, max_size=4).flatmap(lambda rows: nodes(3, rows))


@given(tree=trees, batch_rows=st.integers(1, 9))
@settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],  # shrinking takes minutes; add Phase.shrink to read a failure
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
def check_generated_episode(db: psycopg.Connection, tree: Node, batch_rows: int) -> None:
    source = insert(db, tree, 0, None)
    set_batch_rows(db, batch_rows)
    before = oracle.source_fingerprint(db, source)

    duplication = open_duplication(db, source)
    copy = finish(db, duplication)

    oracle.assert_isomorphic(db, copy, source)
    oracle.assert_equal_copies(db, copy, oracle.replicate(db, source))
    assert oracle.source_fingerprint(db, source) == before
    assert verify(db, duplication) == []


def test_any_episode_is_copied_as_the_row_by_row_copy_does_it(db: psycopg.Connection) -> None:
    db.execute(TYPES)
    for table in TABLES:
        add_columns(db, f"public.{table}")

    check_generated_episode(db)


def insert(conn: psycopg.Connection, node: Node, depth: int, parent: int | None) -> int:
    table = TABLES[depth]
    row: dict[str, object] = {"title": f"{table} {len(node.below)}", **dict(zip(NAMES, node.values, strict=True))}
    if parent is not None:
        row[PARENTS[table]] = parent
    query = sql.SQL("insert into {} ({}) values ({}) returning id").format(
        sql.Identifier("public", table),
        sql.SQL(", ").join(map(oracle.quoted, row)),
        sql.SQL(", ").join([sql.Placeholder()] * len(row)),
    )
    found = conn.execute(query, list(row.values())).fetchone()
    assert found is not None
    key: int = found[0]
    for child in node.below:
        insert(conn, child, depth + 1, key)
    return key

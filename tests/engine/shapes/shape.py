"""A shape that trees come in: its tables and rows in a schema of their own, and what the engine is told of them.

A shape is tried on a source tree with others beside it in the same tables. No key of one table is a key of another, so
that one taken for the other shows, unless the shape says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
import pytest

from tests.support.calls import duplicate, set_batch_rows, value, verify
from tests.support.graph import Graph, Snapshot, assert_copied, assert_nothing_new, register, snapshot

SCHEMA = "shape"
TREE = "shape"


@dataclass(frozen=True)
class Shape:
    """What a tree may look like, said by its name."""

    name: str
    graph: Graph
    tables: str
    """Tables and rows; names without a schema are in the shape's."""
    root: object = 1
    batch_rows: int = 2
    """The rows of a batch where batches are to be small."""
    since: int = 15
    """The version of PostgreSQL that has what it takes."""

    def __str__(self) -> str:
        return self.name


in_batches = pytest.mark.parametrize("small", [False, True], ids=["one batch", "small batches"])


def at(table: str) -> str:
    """A table of the shape, as a level has to name it."""
    return f"{SCHEMA}.{table}"


def make(conn: psycopg.Connection, shape: Shape) -> None:
    """Create the tables of a shape and tell the engine of them."""
    conn.execute(f"create schema {SCHEMA}")
    conn.execute(f"set search_path to {SCHEMA}")
    conn.execute(shape.tables)
    # far from the keys of the source, and from each other
    conn.execute(
        "select setval(c.oid, 1000 * row_number() over (order by c.oid)) from pg_class c "
        "where c.relkind = 'S' and c.relnamespace = %s::regnamespace",
        (SCHEMA,),
    )
    conn.execute("reset search_path")
    register(conn, TREE, shape.graph, SCHEMA)


def remove(conn: psycopg.Connection) -> None:
    """Leave nothing of a shape."""
    conn.execute("reset search_path")
    for schema in (SCHEMA, f"{SCHEMA}_other"):
        conn.execute(f"drop schema if exists {schema} cascade")
    conn.execute("drop foreign data wrapper if exists nothing cascade")
    conn.execute("delete from duplication.duplications")
    conn.execute("delete from _duplication.id_map")
    conn.execute("delete from duplication.trees where name = %s", (TREE,))
    set_batch_rows(conn, 5000)


def last_duplication(conn: psycopg.Connection) -> int:
    return int(value(conn, "select max(id) from duplication.duplications"))


def copy(conn: psycopg.Connection, shape: Shape) -> tuple[int, Snapshot]:
    """Duplicate the source as the oracle does it; returns the duplication, and the tables as they were."""
    before = snapshot(conn, shape.graph)
    duplicate(conn, shape.root, TREE)
    duplication = last_duplication(conn)
    assert_copied(conn, shape.graph, shape.root, before)
    assert verify(conn, duplication) == []
    return duplication, before


def discard(conn: psycopg.Connection, shape: Shape, duplication: int, before: Snapshot) -> None:
    """Discard a copy, of which nothing may be left."""
    conn.execute("call duplication.discard(%s)", (duplication,))
    assert_nothing_new(conn, shape.graph, before)

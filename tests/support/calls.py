"""The engine's routines, called as any client would."""

from __future__ import annotations

from typing import Any

import psycopg


def value(conn: psycopg.Connection, query: str, *parameters: object) -> Any:
    """The one value a query returns."""
    row = conn.execute(query, parameters).fetchone()
    assert row is not None, f"no row: {query}"
    return row[0]


def open_duplication(conn: psycopg.Connection, root: object, tree: str = "episode") -> int:
    return int(value(conn, "select _duplication.open_duplication(%s, %s)", tree, str(root)))


def copy_level(
    conn: psycopg.Connection, duplication: int, level: str | None, budget: str | None = None
) -> tuple[bool, str | None]:
    """Call a level once; returns whether it is done, and the next level."""
    row = conn.execute(
        "call duplication.duplicate_level(%s::bigint, %s::text, %s::interval, null, null)", (duplication, level, budget)
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def next_level(conn: psycopg.Connection, duplication: int) -> str | None:
    found = value(conn, "select _duplication.next_level(%s)", duplication)
    return None if found is None else str(found)


def copy_levels_before(conn: psycopg.Connection, duplication: int, level: str) -> None:
    """Do the chain up to a level, but not the level."""
    while (due := next_level(conn, duplication)) != level:
        assert due is not None, f"the chain ended before {level}"
        copy_level(conn, duplication, due)


def finish(conn: psycopg.Connection, duplication: int) -> str:
    """Call level after level, as the driver does, until none is left; returns the new root's key."""
    while (level := next_level(conn, duplication)) is not None:
        copy_level(conn, duplication, level)
    assert status(conn, duplication) == "completed"
    return str(value(conn, "select new_root_key from duplication.duplications where id = %s", duplication))


def duplicate(conn: psycopg.Connection, root: object, tree: str = "episode") -> str:
    """A DBA's one-off: all levels at once; returns the new root's key."""
    row = conn.execute("call duplication.duplicate(%s::text, %s::text)", (tree, str(root))).fetchone()
    assert row is not None
    return str(row[1])


def status(conn: psycopg.Connection, duplication: int) -> object:
    return value(conn, "select status from duplication.duplications where id = %s", duplication)


def set_batch_rows(conn: psycopg.Connection, rows: int) -> None:
    """Make batches small, so that small trees have many, and all of the same size."""
    conn.execute("update duplication.settings set batch_rows = %s, target_batch_ms = null", (rows,))


def verify(conn: psycopg.Connection, duplication: int) -> list[tuple[object, ...]]:
    """The differences that the engine itself finds between a copy and its source."""
    return conn.execute(
        "select level, orig_key, new_key, difference, column_name, detail from duplication.verify(%s)", (duplication,)
    ).fetchall()


def rows_done(conn: psycopg.Connection, duplication: int, level: str) -> int:
    found = value(
        conn, "select rows_done from duplication.progress where duplication_id = %s and level = %s", duplication, level
    )
    assert isinstance(found, int)
    return found

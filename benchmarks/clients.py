"""Copies an episode row by row, or chunk by chunk, through a client, as an application would do it by hand.

Usage: python -m benchmarks.clients naive|chunked DSN KEY. Prints a JSON document: the seconds from the first statement
to the last, and this process's peak memory. A program of its own, so that its memory is its own.

Plain psycopg, as it comes: it prepares statements that repeat, and content is parsed and written again.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import JsonbDumper

LEVELS = (("parts", "episode_id", 100), ("items", "part_id", 100), ("blocks", "item_id", 200))
"""A table, the column that names the parent, and how many rows are a chunk."""

Row = tuple[Any, ...]
Way = Callable[[psycopg.Connection, int], None]


def copy_root(connection: psycopg.Connection, key: int) -> int:
    """Copy the episode itself; returns the new one's id."""
    row = connection.execute("select title, position, content from public.episodes where id = %s", (key,)).fetchone()
    assert row is not None, "there is no such episode"
    return insert(connection, "insert into public.episodes (title, position, content, orig_id)", [(*row, key)])[0]


def insert(connection: psycopg.Connection, into: str, rows: Sequence[Row]) -> list[int]:
    """Insert rows with one statement; returns their ids."""
    values = ", ".join(["(" + ", ".join(["%s"] * len(rows[0])) + ")"] * len(rows))
    statement = f"{into} values {values} returning id"
    return [row[0] for row in connection.execute(statement.encode(), [column for row in rows for column in row])]


def copy_naively(connection: psycopg.Connection, key: int) -> None:
    """Walk down the tree in one transaction: select a row's children, insert each, then walk down from it."""

    def copy_children(level: int, old: int, new: int) -> None:
        if level == len(LEVELS):
            return
        table, column, _ = LEVELS[level]
        query = f"select id, title, position, content from public.{table} where {column} = %s order by id"
        into = f"insert into public.{table} ({column}, title, position, content, orig_id)"
        for child, *content in connection.execute(query.encode(), (old,)).fetchall():
            (copied,) = insert(connection, into, [(new, *content, child)])
            copy_children(level + 1, child, copied)

    with connection.transaction():
        copy_children(0, key, copy_root(connection, key))


def copy_in_chunks(connection: psycopg.Connection, key: int) -> None:
    """Do as a background job does: go through each level a page at a time, each committed, and keep the new ids."""
    with connection.transaction():
        copies = {key: copy_root(connection, key)}
    for level, (table, column, size) in enumerate(LEVELS):
        into = f"insert into public.{table} ({column}, title, position, content, orig_id)"
        above, copies = copies, {}
        for page in pages(connection, level_query(level), key, size):
            rows = [(above[parent], *content, old) for old, parent, *content in page]
            with connection.transaction():
                new = insert(connection, into, rows)
            copies.update(zip((row[0] for row in page), new, strict=True))


def level_query(level: int) -> str:
    """Return the query for the rows of a level of an episode."""
    table, column, _ = LEVELS[level]
    query = f"select {table}.id, {table}.{column}, {table}.title, {table}.position, {table}.content from public.{table}"
    for above in range(level - 1, -1, -1):
        query += (
            f" join public.{LEVELS[above][0]} on {LEVELS[above][0]}.id = {LEVELS[above + 1][0]}.{LEVELS[above + 1][1]}"
        )
    return f"{query} where parts.episode_id = %s"


def pages(connection: psycopg.Connection, query: str, key: int, size: int) -> Iterator[list[Row]]:
    """Yield a query's rows, page by page, in the order of their ids."""
    offset = 0
    while page := connection.execute(f"{query} order by 1 limit {size} offset %s".encode(), (key, offset)).fetchall():
        yield page
        if len(page) < size:
            return
        offset += size


WAYS: dict[str, Way] = {"naive": copy_naively, "chunked": copy_in_chunks}


def measure_client(copy: Way, dsn: str, key: str) -> None:
    """Copy, and tell what it took."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        # so that content that was read can be written as it is
        connection.adapters.register_dumper(dict, JsonbDumper)
        start = time.perf_counter()
        copy(connection, int(key))
        seconds = time.perf_counter() - start
    status = Path("/proc/self/status")
    peak = re.search(r"VmHWM:\s+([0-9]+)", status.read_text()) if status.exists() else None
    print(json.dumps({"seconds": seconds, "peak_mb": int(peak[1]) / 1024 if peak else None}))


if __name__ == "__main__":
    measure_client(WAYS[sys.argv[1]], *sys.argv[2:])

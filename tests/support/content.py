"""Source episodes of any shape."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import psycopg

# For each part, for each of its items, the number of blocks: [[2, 0], []] is a part with two items, one of them
# empty, and a part with none.
Shape = Sequence[Sequence[int]]

TITLES = ["plain", "", "O'Brien \\ 100 % «ж»", 'tab\tand\nline "quoted"', "$1 :name %I %s {} 🦊"]


def regular(parts: int, items: int, blocks: int) -> Shape:
    return [[blocks] * items] * parts


def make_episode(
    conn: psycopg.Connection,
    parts: int = 3,
    items: int = 2,
    blocks: int = 4,
    shape: Shape | None = None,
    apart: int = 0,
) -> int:
    """Insert an episode and what is below it, and return its id.

    With `apart`, the ids of its parts lie that far from each other, and the parts of another episode lie between.
    """
    shape = regular(parts, items, blocks) if shape is None else shape
    root = _insert(conn, "episodes", None, [(None, 0)])[0]
    if apart:
        part_ids = _parts_apart(conn, root, len(shape), apart)
    else:
        part_ids = _insert(conn, "parts", "episode_id", [(root, p) for p in range(len(shape))])
    item_rows = [(part, i) for part, counts in zip(part_ids, shape, strict=True) for i in range(len(counts))]
    item_ids = _insert(conn, "items", "part_id", item_rows)
    counts = [count for part in shape for count in part]
    block_rows = [(item, b) for item, count in zip(item_ids, counts, strict=True) for b in range(count)]
    _insert(conn, "blocks", "item_id", block_rows)
    return root


def _parts_apart(conn: psycopg.Connection, root: int, count: int, apart: int) -> list[int]:
    """Parts of `root`, and after each of them parts of an episode that nobody copies."""
    bystander = _insert(conn, "episodes", None, [(None, 1)])[0]
    ids = []
    for position in range(count):
        ids += _insert(conn, "parts", "episode_id", [(root, position)])
        between = _insert(conn, "parts", "episode_id", [(bystander, n) for n in range(2)])
        items = _insert(conn, "items", "part_id", [(part, 0) for part in between])
        _insert(conn, "blocks", "item_id", [(item, 0) for item in items])
        conn.execute(
            "select setval(pg_get_serial_sequence('public.parts', 'id'), %s)",
            (ids[-1] + apart,),
        )
    return ids


def _insert(
    conn: psycopg.Connection, table: str, parent: str | None, rows: Iterable[tuple[int | None, int]]
) -> list[int]:
    """Insert rows given as (parent's id, position), in that order, and return their ids."""
    data = [
        {"n": n, "parent": key, "position": position, "title": TITLES[n % len(TITLES)], "content": _content(n)}
        for n, (key, position) in enumerate(rows)
    ]
    columns = ["title", "position", "content", *([parent] if parent else [])]
    values = ["d.title", "d.position", "d.content", *(["d.parent"] if parent else [])]
    found = conn.execute(
        f"""
        with d as materialized (
            select *, nextval(pg_get_serial_sequence('public.{table}', 'id')) as id
            from jsonb_to_recordset(%s::jsonb)
                 as d (n int, parent bigint, position int, title text, content jsonb)
            order by n
        ), inserted as (
            insert into public.{table} (id, {", ".join(columns)})
            select d.id, {", ".join(values)} from d
        )
        select d.id from d order by d.n
        """,
        (json.dumps(data),),
    )
    return [row[0] for row in found]


def _content(n: int) -> dict[str, object]:
    if n % 5 == 4:
        return {}
    return {"n": n, "text": TITLES[n % len(TITLES)], "deep": [{"a": [1, 2.50, None]}, n % 2 == 0]}

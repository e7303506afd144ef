"""The naive copy: walk the hierarchy, replicate row by row, in one transaction.

It knows nothing of the engine, and it is what the engine's copies are compared with. A tree is a chain of tables, each
with the column that names its parent's key. Every value passes through Python as the text PostgreSQL prints for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

# Not compared: they differ between a copy and its source by intent.
EXCLUDED = ("orig_id", "created_at", "updated_at")


@dataclass(frozen=True)
class Table:
    """One level: its table, its key, and the column that names the parent's key."""

    name: str
    key: str = "id"
    parent: str | None = None
    new_key: str | None = None
    """An SQL expression for the key of a new row, where the column has no default."""

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(*self.name.split("."))


Tree = Sequence[Table]

EPISODE: Tree = (
    Table("public.episodes"),
    Table("public.parts", parent="episode_id"),
    Table("public.items", parent="part_id"),
    Table("public.blocks", parent="item_id"),
)


@dataclass(frozen=True)
class Row:
    """One row as text: what identifies it, and what it says."""

    key: str
    parent: str | None
    orig: str | None
    values: tuple[tuple[str, str | None], ...]


Content = tuple[Row, ...]
Fingerprint = list[tuple[str, str, str, str, str]]


def quoted(name: str) -> sql.Identifier:
    """A name for a statement with parameters, where psycopg reads `%`."""
    return sql.Identifier(name.replace("%", "%%"))


def replicate(conn: psycopg.Connection, root: object, tree: Tree = EPISODE) -> str:
    """Copy the row `root` and everything below it; return the key of the new row."""
    with conn.transaction():
        return _replicate_row(conn, tree, str(root), None)


def _replicate_row(conn: psycopg.Connection, tree: Tree, key: str, new_parent: str | None) -> str:
    table, below = tree[0], tree[1:]
    columns = _columns(conn, table, writable=True)
    values = _one_row(conn, table, columns, key)
    values.pop(table.key)
    for column in ("created_at", "updated_at"):
        values.pop(column, None)
    if table.parent and new_parent is not None:
        values[table.parent] = new_parent
    if "orig_id" in columns:
        values["orig_id"] = key
    new_key = _insert(conn, table, values)
    if below:
        for child in _child_keys(conn, below[0], key):
            _replicate_row(conn, below, child, new_key)
    return new_key


def _columns(conn: psycopg.Connection, table: Table, *, writable: bool = False) -> list[str]:
    found = conn.execute(
        """
        select attname from pg_attribute
        where attrelid = %s::regclass and attnum > 0 and not attisdropped and (attgenerated = '' or not %s)
        order by attnum
        """,
        (table.name, writable),
    )
    return [row[0] for row in found]


def _as_text(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL("t.{}::text").format(quoted(column)) for column in columns)


def _one_row(conn: psycopg.Connection, table: Table, columns: Sequence[str], key: str) -> dict[str, str | None]:
    query = sql.SQL("select {} from {} t where t.{} = %s").format(
        _as_text(columns), table.identifier, sql.Identifier(table.key)
    )
    row = conn.execute(query, (key,)).fetchone()
    assert row is not None, f"no row {key} in {table.name}"
    return dict(zip(columns, row, strict=True))


def _child_keys(conn: psycopg.Connection, table: Table, parent: str) -> list[str]:
    query = sql.SQL("select t.{0}::text from {1} t where t.{2} = %s order by t.{0}").format(
        sql.Identifier(table.key), table.identifier, sql.Identifier(table.parent or "")
    )
    return [row[0] for row in conn.execute(query, (parent,))]


def _insert(conn: psycopg.Connection, table: Table, values: dict[str, str | None]) -> str:
    columns = [quoted(column) for column in values]
    expressions: list[sql.Composable] = [sql.Placeholder()] * len(values)
    if table.new_key:
        columns.append(sql.Identifier(table.key))
        expressions.append(sql.SQL(table.new_key))
    query = sql.SQL("insert into {} ({}) values ({}) returning {}::text").format(
        table.identifier,
        sql.SQL(", ").join(columns),
        sql.SQL(", ").join(expressions),
        sql.Identifier(table.key),
    )
    row = conn.execute(query, list(values.values())).fetchone()
    assert row is not None, f"{table.name} returned no key"
    return str(row[0])


def content(conn: psycopg.Connection, root: object, tree: Tree = EPISODE) -> list[Content]:
    """Everything at and below `root`: for each level its rows."""
    levels: list[Content] = []
    keys = [str(root)]
    for table in tree:
        by = table.parent if levels else table.key
        levels.append(_rows(conn, table, by or table.key, keys))
        keys = [row.key for row in levels[-1]]
    return levels


def _rows(conn: psycopg.Connection, table: Table, by: str, keys: list[str]) -> Content:
    columns = _columns(conn, table)
    compared = [c for c in columns if c not in (table.key, table.parent, *EXCLUDED)]
    orig = "orig_id" if "orig_id" in columns else None
    first = [table.key, table.parent or table.key, orig or table.key]
    query = sql.SQL("select {} from {} t where t.{} = any(%s) order by t.{}").format(
        _as_text([*first, *compared]), table.identifier, sql.Identifier(by), sql.Identifier(table.key)
    )
    return tuple(
        Row(
            key=row[0],
            parent=row[1] if table.parent else None,
            orig=row[2] if orig else None,
            values=tuple(zip(compared, row[3:], strict=True)),
        )
        for row in conn.execute(query, (keys,))
    )


@dataclass(frozen=True)
class Difference:
    """One thing that a copy has otherwise than its source; `orig` is the source row's key."""

    table: str
    orig: str
    text: str


def differences(conn: psycopg.Connection, copy: object, source: object, tree: Tree = EPISODE) -> list[Difference]:
    """What the copy below `copy` lacks, has too much or has otherwise than the source; nothing when it is a copy.

    Rows are matched by the `orig_id` of the copy, so this is about the tables that have one.
    """
    copied, original = content(conn, copy, tree), content(conn, source, tree)
    assert original[0], f"{tree[0].name}: no row {source}"
    assert copied[0], f"{tree[0].name}: no row {copy}"
    known = [depth for depth, table in enumerate(tree) if "orig_id" in _columns(conn, table)]
    return [found for depth in known for found in _differences_at(tree, copied, original, depth)]


def _differences_at(tree: Tree, copied: list[Content], original: list[Content], depth: int) -> Iterator[Difference]:
    table = tree[depth].name
    there = {row.key: row for row in original[depth]}
    above = {row.key: row.orig for row in copied[depth - 1]} if depth else {}
    times = Counter(str(row.orig) for row in copied[depth])
    for key in there.keys() - times.keys():
        yield Difference(table, key, "is not in the copy")
    for key in times.keys() - there.keys():
        yield Difference(table, key, "is in the copy, and not in the source")
    for key, count in times.items():
        if count > 1:
            yield Difference(table, key, f"is in the copy {count} times")
    for row in copied[depth]:
        source = there.get(str(row.orig))
        if source is None:
            continue
        if depth and above[str(row.parent)] not in (None, source.parent):
            yield Difference(table, source.key, f"is below {source.parent}, its copy below that of {row.parent}")
        for (column, value), (_, expected) in zip(row.values, source.values, strict=True):
            if value != expected:
                yield Difference(table, source.key, f"has {expected!r} in {column}, its copy {value!r}")


Canonical = tuple[object, ...]


def _canonical(levels: list[Content]) -> Canonical:
    """The tree without its keys: each row's values with its sorted children, so that equal trees are equal."""
    below: dict[str | None, list[Canonical]] = {}
    for rows in reversed(levels):
        nodes: dict[str | None, list[Canonical]] = {}
        for row in rows:
            nodes.setdefault(row.parent, []).append((row.values, tuple(sorted(below.get(row.key, []), key=repr))))
        below = nodes
    return tuple(sorted(below.get(levels[0][0].parent, []), key=repr))


def assert_isomorphic(conn: psycopg.Connection, copy: object, source: object, tree: Tree = EPISODE) -> None:
    """The tree below `copy` says what the tree below `source` says, row by row, and says where it is from."""
    found = [f"{d.table}: {d.orig} {d.text}" for d in differences(conn, copy, source, tree)]
    assert not found, "\n".join(["the copy is not equal to its source:", *found[:20]])
    copied, original = content(conn, copy, tree), content(conn, source, tree)
    for table, here, there in zip(tree, copied, original, strict=True):
        shared = {row.key for row in here} & {row.key for row in there}
        assert not shared, f"{table.name}: rows of the source are below the copy: {sorted(shared)[:10]}"
    assert _canonical(copied) == _canonical(original)


def assert_equal_copies(conn: psycopg.Connection, copy: object, other: object, tree: Tree = EPISODE) -> None:
    """Two copies of one source are equal, provenance included."""
    one, two = content(conn, copy, tree), content(conn, other, tree)
    for table, here, there in zip(tree, one, two, strict=True):
        assert sorted(str(r.orig) for r in here) == sorted(str(r.orig) for r in there), f"{table.name}: orig_id differs"
    assert _canonical(one) == _canonical(two)


def assert_no_other_rows(conn: psycopg.Connection, roots: Sequence[object], tree: Tree = EPISODE) -> None:
    """Every row of the tree's tables is below one of these roots: nothing was left behind."""
    below = [content(conn, root, tree) for root in roots]
    for depth, table in enumerate(tree):
        found = conn.execute(sql.SQL("select {}::text from {}").format(sql.Identifier(table.key), table.identifier))
        others = {row[0] for row in found} - {row.key for levels in below for row in levels[depth]}
        assert not others, f"{table.name}: rows that belong to nobody: {sorted(others)[:10]}"


def source_fingerprint(conn: psycopg.Connection, root: object, tree: Tree = EPISODE) -> Fingerprint:
    """Where each row of the source is stored, who wrote and locked it, what it says: the same until it is written."""
    found: Fingerprint = []
    for table, rows in zip(tree, content(conn, root, tree), strict=True):
        query = sql.SQL(
            "select ctid::text, xmin::text, xmax::text, t::text from {} t where t.{} = any(%s) order by 1"
        ).format(table.identifier, sql.Identifier(table.key))
        found += [(table.name, *row) for row in conn.execute(query, ([row.key for row in rows],))]
    return found

"""What is copied: trees of different shapes, each in a database of its own that measurements are cloned from."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from benchmarks import deep
from benchmarks.databases import HERE, database_dsn
from duplication.engine import Engine
from duplication.local.embedded import Server
from duplication.local.sample import load_episode
from duplication.migrations import migrate

EMPTY = "empty"
PLAIN = HERE / "plain_statements.sql"
CONTENT = ("episodes", "parts", "items", "blocks")


@dataclass(frozen=True, slots=True)
class Shape:
    """How many children each row of an episode has."""

    parts: int
    items: int
    blocks: int


@dataclass(frozen=True, slots=True)
class Source:
    """A tree to copy."""

    name: str
    """Of its shape, and of its database."""
    tree: str
    key: str
    tables: tuple[str, ...]
    """From the root's to the leaves'."""
    counts: tuple[int, ...]
    """Rows in each of them."""
    plain: Path
    """The script of plain statements that copies it."""

    @property
    def rows(self) -> int:
        """Return the rows of all levels."""
        return sum(self.counts)

    @property
    def call(self) -> str:
        """Return the statement that copies it."""
        return f"call duplication.duplicate('{self.tree}', '{self.key}')"


@dataclass(frozen=True, slots=True)
class Kind:
    """A shape that can be loaded, in full and in a tiny size that only shows that everything runs."""

    title: str
    load: Callable[[str, bool], str]
    """Given a DSN and whether it shall be tiny, loads it; returns the root's key."""
    is_deep: bool = False
    neighbors: int = 0
    """How many more like it there are. Else, after some copies, the statistics would be of a table with one episode."""


def regular(full: Shape, tiny: Shape) -> Callable[[str, bool], str]:
    """Return a loader of episodes in which all rows of a level have as many children."""

    def load(dsn: str, is_tiny: bool) -> str:
        shape = tiny if is_tiny else full
        with Engine.connect(dsn) as engine:
            return load_episode(engine, shape.parts, shape.items, shape.blocks)

    return load


def load_thin(dsn: str, is_tiny: bool) -> str:
    """Load an episode in which each part has one to three items, and each item one to three blocks."""
    parts = 500 if is_tiny else 17_500
    with Engine.connect(dsn) as engine:
        key = load_episode(engine, parts, 0, 0)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("""
            insert into public.items (part_id, title, position)
            select p.id, format('Item %s', n), n
            from public.parts as p cross join lateral generate_series(1, 1 + p.id % 3) as n
            order by p.id, n
        """)
        connection.execute("""
            insert into public.blocks (item_id, title, position, content)
            select i.id, format('Block %s', n), n, jsonb_build_object('kind', 'text', 'text', repeat('word ', 20))
            from public.items as i cross join lateral generate_series(1, 1 + i.id % 3) as n
            order by i.id, n
        """)
    return key


def load_fat(dsn: str, is_tiny: bool) -> str:
    """Load an episode whose blocks have 100 kB of content each, which does not compress, so that it is kept aside."""
    shape = Shape(5, 4, 5) if is_tiny else Shape(10, 10, 20)
    with Engine.connect(dsn) as engine:
        key = load_episode(engine, shape.parts, shape.items, shape.blocks)
    with psycopg.connect(dsn, autocommit=True) as connection:
        # made of digests in base64, 66 characters each; twenty different contents for all blocks, since it takes long
        connection.execute("""
            create temporary table contents as
            select
                c as number,
                jsonb_build_object('kind', 'text', 'text', string_agg(
                    encode(substr(sha512(convert_to(format('%s %s', c, n), 'UTF8')), 1, 48), 'base64'), ' ' order by n
                )) as content
            from generate_series(0, 19) as c cross join generate_series(1, 1540) as n
            group by c
        """)
        connection.execute(
            "update public.blocks as b set content = c.content from contents as c where c.number = b.id % 20"
        )
        connection.execute("vacuum (full) public.blocks")
    return key


KINDS = {
    "small": Kind("Small", regular(Shape(10, 5, 20), Shape(10, 5, 20)), neighbors=100),
    "wide": Kind("Wide", regular(Shape(100, 50, 100), Shape(20, 10, 50))),
    "thin": Kind("Thin: one to three children", load_thin),
    "deep": Kind("Deep and thin: 17 levels", deep.load, is_deep=True),
    "fat": Kind("Fat rows: 100 kB each", load_fat),
    "single": Kind("One parent with everything", regular(Shape(1, 1, 200_000), Shape(1, 1, 10_000))),
    "clients": Kind("The tree", regular(Shape(100, 5, 100), Shape(10, 5, 20))),
    "large": Kind("Large", regular(Shape(500, 100, 100), Shape(50, 20, 50))),
}


def make_empty(server: Server) -> None:
    """Create the database that all sources begin as: the engine, and tables without a row."""
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(EMPTY)))
    migrate(database_dsn(server, EMPTY), with_content=True)


def make_source(server: Server, home: Path, name: str, *, is_tiny: bool) -> Source:
    """Create a database with a tree of a shape, vacuumed and analyzed.

    Parameters: home, a directory for scripts; name, of the shape; is_tiny, only to show that everything runs.
    Returns the source.
    """
    kind = KINDS[name]
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(EMPTY))
        )
    dsn = database_dsn(server, name)
    key = kind.load(dsn, is_tiny)
    tables = deep.TABLES if kind.is_deep else tuple(f"public.{table}" for table in CONTENT)
    with psycopg.connect(dsn, autocommit=True) as connection:
        counts = tuple(count_rows(connection, table) for table in tables)
        for _ in range(kind.neighbors):
            kind.load(dsn, is_tiny)
        compile_tree(connection, deep.TREE if kind.is_deep else "episode")
        connection.execute("vacuum (analyze)")
    plain = deep.write_plain_statements(home) if kind.is_deep else PLAIN
    return Source(name, deep.TREE if kind.is_deep else "episode", key, tables, counts, plain)


def compile_tree(connection: psycopg.Connection, tree: str) -> None:
    """Do once what the first copy after a change of a tree's tables does: no database is measured that never copied."""
    connection.execute("set search_path to pg_catalog, pg_temp")
    connection.execute("select _duplication.compile_tree(%s)", (tree,))


def count_rows(connection: psycopg.Connection, table: str, condition: str = "true") -> int:
    """Return how many rows of a table fulfil a condition."""
    row = connection.execute(f"select count(*) from {table} where {condition}".encode()).fetchone()
    return int(row[0]) if row else 0


def check_copies(dsn: str, source: Source, copies: int = 1) -> None:
    """Raise RuntimeError unless there are so many whole copies of the source."""
    with psycopg.connect(dsn) as connection:
        for table, rows in zip(source.tables, source.counts, strict=True):
            # the source has the ids from 1 on; its neighbors, and what workers copied to get warm, have higher ones
            copied = count_rows(connection, table, f"orig_id <= {rows}")
            if copied != copies * rows:
                raise RuntimeError(f"{source.name}: {copied:,} rows of {table} were copied, not {copies * rows:,}")

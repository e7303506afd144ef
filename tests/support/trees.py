"""Small trees of the tests' own, registered with the engine, and the same trees as the oracle knows them."""

from __future__ import annotations

import psycopg

from tests.support.oracle import Table, Tree

UUID: Tree = (
    Table("shop.orders"),
    Table("shop.lines", parent="order_id"),
    Table("shop.notes", parent="line_id"),
)
TEXT: Tree = (
    Table("doc.books", key="isbn"),
    Table("doc.chapters", key="slug", parent="isbn", new_key="'copied-' || gen_random_uuid()"),
    Table("doc.verses", key="code", parent="slug"),
)

UUID_TABLES = """
create schema shop;
create table shop.orders (id uuid primary key default gen_random_uuid(), name text, orig_id uuid);
create table shop.lines (
    id uuid primary key default gen_random_uuid(),
    order_id uuid not null references shop.orders, amount numeric, orig_id uuid
);
create index on shop.lines (order_id);
create table shop.notes (
    id uuid primary key default gen_random_uuid(),
    line_id uuid not null references shop.lines, body text, orig_id uuid
);
create index on shop.notes (line_id);
"""

# Keys with everything that text may hold, a table whose key has no default, and no provenance anywhere.
TEXT_TABLES = """
create schema doc;
create table doc.books (isbn text primary key default 'copied-' || gen_random_uuid(), name text);
create table doc.chapters (slug varchar(60) primary key, isbn text not null references doc.books, number integer);
create index on doc.chapters (isbn);
create table doc.verses (
    code text primary key default 'copied-' || gen_random_uuid(),
    slug varchar(60) not null references doc.chapters, body text
);
create index on doc.verses (slug);
"""


def register(conn: psycopg.Connection, name: str, tree: Tree) -> None:
    """Tell the engine of a tree: a chain of tables, its levels named as the tables are."""
    conn.execute("insert into duplication.trees (name) values (%s)", (name,))
    above: str | None = None
    for table in tree:
        level = table.name.split(".")[1]
        orig = conn.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attname = 'orig_id'", (table.name,)
        ).fetchone()
        conn.execute(
            """
            insert into duplication.levels (tree, name, row_name, relation, key_column, new_key, orig_column)
            values (%s, %s, %s, %s, %s, %s, %s)
            """,
            (name, level, level.rstrip("s"), table.name, table.key, table.new_key, orig and orig[0]),
        )
        if above is not None:
            conn.execute(
                "insert into duplication.edges (tree, level, parent_level, column_name) values (%s, %s, %s, %s)",
                (name, level, above, table.parent),
            )
        above = level

"""Trees with keys of other types than bigint."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import oracle
from tests.support.calls import duplicate, finish, open_duplication, set_batch_rows, value, verify
from tests.support.trees import TEXT, TEXT_TABLES, UUID, UUID_TABLES, register

KEYS = ["plain", "", " ", "O'Brien", 'a "b" \\ c', "50 %", "$1", "ж中🦊", "tab\tline\n", "null", "%I", "Plain"]


@pytest.fixture
def order(db: psycopg.Connection) -> object:
    """An order whose lines have a note each; its id."""
    db.execute(UUID_TABLES)
    register(db, "order", UUID)
    for name in ("other", "source"):
        db.execute("insert into shop.orders (name) values (%s)", (name,))
    db.execute("insert into shop.lines (order_id, amount) select id, n from shop.orders, generate_series(1, 20) n")
    db.execute("insert into shop.notes (line_id, body) select id, amount::text from shop.lines, generate_series(1, 3)")
    return value(db, "select id from shop.orders where name = 'source'")


@pytest.fixture
def book(db: psycopg.Connection) -> str:
    """A book with a chapter and a verse for each awkward key; its isbn is awkward too."""
    db.execute(TEXT_TABLES)
    register(db, "book", TEXT)
    db.execute("insert into doc.books (isbn, name) values (%s, 'one'), (%s, 'other')", (KEYS[4], KEYS[0]))
    for number, key in enumerate(KEYS):
        db.execute("insert into doc.chapters (slug, isbn, number) values (%s, %s, %s)", (key, KEYS[4], number))
        db.execute("insert into doc.verses (code, slug, body) values (%s, %s, %s)", (key, key, f"verse {number}"))
    return KEYS[4]


@pytest.mark.parametrize("batch_rows", [5000, 3])
def test_a_tree_with_uuid_keys_is_copied(db: psycopg.Connection, order: object, batch_rows: int) -> None:
    set_batch_rows(db, batch_rows)
    duplication = open_duplication(db, order, "order")

    copy = finish(db, duplication)

    oracle.assert_isomorphic(db, copy, order, UUID)
    oracle.assert_equal_copies(db, copy, oracle.replicate(db, order, UUID), UUID)
    assert verify(db, duplication) == []


def test_a_uuid_root_may_be_named_in_any_of_its_forms(db: psycopg.Connection, order: object) -> None:
    copy = duplicate(db, f"{{{str(order).upper()}}}", "order")

    oracle.assert_isomorphic(db, copy, order, UUID)


@pytest.mark.parametrize("batch_rows", [5000, 3])
def test_a_tree_with_text_keys_and_without_provenance_is_copied(
    db: psycopg.Connection, book: str, batch_rows: int
) -> None:
    set_batch_rows(db, batch_rows)
    duplication = open_duplication(db, book, "book")

    copy = finish(db, duplication)

    oracle.assert_isomorphic(db, copy, book, TEXT)
    oracle.assert_equal_copies(db, copy, oracle.replicate(db, book, TEXT), TEXT)
    assert verify(db, duplication) == []


def test_an_integer_root_may_be_named_with_leading_zeros(db: psycopg.Connection) -> None:
    root = value(db, "insert into public.episodes (title) values ('one') returning id")

    duplication = open_duplication(db, f"00{root}")
    assert duplication == open_duplication(db, root)

    copy = finish(db, duplication)

    oracle.assert_isomorphic(db, copy, root)

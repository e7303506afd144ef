"""Verify finds each reference of a copy that points back into the source's tree, and names the row and the column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from tests.support.calls import duplicate, value, verify
from tests.support.graph import Edge, Graph, Level, Reference, assert_copied, register, snapshot

# What hangs below a shelf; only books that are not lost are copied, and 15 is lost.
GRAPH: Graph = [
    Level("shelves", "public.shelves", references=[Reference(["best_id"], "books", unmapped="null", by_rule=True)]),
    Level(
        "books",
        "public.books",
        edges=[Edge("shelves", "shelf_id"), Edge("books", "volume_of")],
        filter="not lost",
        references=[Reference(["next_id"], "books", unmapped="null", by_rule=True)],
    ),
    Level("covers", "public.covers", edges=[Edge("books", "cover_id", kind="owned")]),
    Level(
        "pages",
        "public.pages",
        edges=[Edge("books", "book_id")],
        references=[
            Reference(["shelf_id"], "shelves"),
            Reference(["see_id"], "pages"),
            Reference(["footnotes"], "pages", is_array=True, by_rule=True, unmapped="null"),
            Reference(["told_of"], "books", by_rule=True, unmapped="null"),
        ],
        orig="orig_id",
    ),
    Level(
        "notes",
        "public.notes",
        edges=[Edge("shelves", "shelf_id")],
        references=[
            Reference(["about_id"], "books", condition="about_type = 'book'", by_rule=True, unmapped="null"),
            Reference(["about_id"], "pages", condition="about_type = 'page'", by_rule=True, unmapped="null"),
        ],
        orig="orig_id",
    ),
    Level(
        "labels",
        "public.labels",
        key=None,
        edges=[Edge("shelves", "shelf_id")],
        references=[Reference(["book_id"], "books")],
    ),
    Level(
        "lines",
        "public.lines",
        edges=[Edge("pages", "page_id")],
        references=[Reference(["cover_id"], "covers")],
        orig="orig_id",
    ),
]
TABLES = """
create table public.shelves (id serial primary key, best_id integer, mark text);
create table public.covers (id serial primary key, mark text);
create table public.books (
    id serial primary key, shelf_id integer references public.shelves, volume_of integer references public.books,
    next_id integer references public.books, cover_id integer references public.covers, lost boolean default false,
    mark text
);
create index on public.books (shelf_id);
create index on public.books (volume_of);
create index on public.books (cover_id);
alter table public.shelves add foreign key (best_id) references public.books;
create table public.pages (
    id serial primary key, book_id integer not null references public.books,
    shelf_id integer references public.shelves, see_id integer references public.pages, footnotes integer[],
    told_of integer, orig_id integer
);
create index on public.pages (book_id);
create table public.notes (
    id serial primary key, shelf_id integer references public.shelves, about_type text, about_id integer,
    orig_id integer
);
create index on public.notes (shelf_id);
create table public.labels (
    shelf_id integer references public.shelves, book_id integer references public.books, word text,
    primary key (shelf_id, book_id)
);
create table public.lines (
    id serial primary key, page_id integer not null references public.pages,
    cover_id integer references public.covers, orig_id integer
);
create index on public.lines (page_id);
insert into public.shelves (id, mark) values (1, 's1'), (2, 's2');
insert into public.covers values (61, 'v1'), (62, 'v2'), (63, 'v3'), (64, 'of the other shelf');
insert into public.books (id, shelf_id, volume_of, next_id, cover_id, lost, mark) values
(11, 1, null, 12, 61, false, 'b1'), (12, 1, null, null, 62, false, 'b2'), (13, null, 11, 11, null, false, 'volume'),
(14, 2, null, 11, 64, false, 'of the other shelf'), (15, 1, null, 11, 63, true, 'lost');
update public.shelves set best_id = 12 where id = 1;
insert into public.pages (id, book_id, shelf_id, see_id, footnotes, told_of) values
(21, 11, 1, 22, '{22,23}', 12), (22, 11, 1, 22, '{}', 14), (23, 12, 2, null, null, null), (24, 14, 2, null, '{21}', 11),
(25, 15, 1, null, null, null);
insert into public.notes (id, shelf_id, about_type, about_id) values
(31, 1, 'book', 11), (32, 1, 'page', 21), (33, 1, 'person', 11), (34, 2, 'book', 11),
(35, 1, 'book', 15);
insert into public.labels values (1, 11, 'l1'), (1, 12, 'l2'), (1, 14, 'l3'), (2, 11, 'l4');
insert into public.lines (id, page_id, cover_id) values (41, 21, 61), (42, 22, 62), (43, 22, 64), (44, 24, 61);
select setval(pg_get_serial_sequence('public.' || name, 'id'), 1000 * nr)
from unnest('{shelves,books,covers,pages,notes,lines}'::text[]) with ordinality as t (name, nr);
"""


@pytest.fixture(scope="module")
def copied(shared: psycopg.Connection) -> psycopg.Connection:
    """A correct copy of shelf 1."""
    shared.execute(TABLES)
    register(shared, "shelf", GRAPH)
    before = snapshot(shared, GRAPH)
    duplicate(shared, 1, "shelf")
    assert_copied(shared, GRAPH, 1, before)
    assert verify(shared, 1) == []
    return shared


@pytest.fixture
def copy(copied: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """The same, for changes that are taken back."""
    with copied.transaction(force_rollback=True):
        yield copied


@dataclass(frozen=True)
class Back:
    """A column of one row of the copy that is made to point at the source."""

    name: str
    level: str
    orig_key: str
    column: str
    to: str
    difference: str = "crossing"

    def __str__(self) -> str:
        return self.name


BACKS = [
    Back("a foreign key to a level above, at its original's own target", "pages", "21", "shelf_id", "1"),
    Back("a deferred column of the root", "shelves", "1", "best_id", "12"),
    Back("a deferred column of the root, at another row", "shelves", "1", "best_id", "11"),
    Back("a foreign key to the row's own level", "books", "11", "next_id", "12"),
    Back("a foreign key to the row's own level, at its original", "books", "11", "next_id", "11"),
    Back("a column that is null in the original", "pages", "23", "see_id", "21"),
    Back("a foreign key that left the tree", "pages", "23", "shelf_id", "1"),
    Back("a row that a filter leaves out", "books", "12", "next_id", "15"),
    Back("a row that a filter leaves out, by a rule", "pages", "23", "told_of", "15"),
    Back("a row below one that a filter leaves out", "pages", "23", "see_id", "25"),
    Back("a column with a rule and no foreign key", "pages", "21", "told_of", "12"),
    Back("a column with a rule, at another row", "pages", "22", "told_of", "11"),
    Back("an element of an array", "pages", "21", "footnotes", "array[(select max(id) from public.pages), 23]"),
    Back("an element more in an array", "pages", "22", "footnotes", "array[21]"),
    Back("an array of keys, all of it", "pages", "21", "footnotes", "'{22,23}'"),
    Back("a pair of type and id", "notes", "31", "about_id", "11"),
    Back("a pair of another type and id", "notes", "32", "about_id", "21"),
    Back("a pair, at another row", "notes", "32", "about_id", "22"),
    Back("a pair whose target a filter leaves out", "notes", "35", "about_id", "15"),
    Back("a column of a row that its parent alone finds", "lines", "41", "cover_id", "61"),
    Back("a column of a row that its parent alone finds, at another row", "lines", "43", "cover_id", "63"),
    Back("the column that owns a row", "books", "11", "cover_id", "61"),
    Back("the column that owns a row, at another", "books", "11", "cover_id", "62"),
    Back("the column that owns a row, of one that owns none", "books", "13", "cover_id", "61"),
    Back("the column that owns a row, at one that a lost one owns", "books", "12", "cover_id", "63"),
]


def new_key(conn: psycopg.Connection, level: str, orig_key: str) -> str:
    """The copy of a row, looked up without the engine's help where the row says it."""
    if any(each.name == level and each.orig for each in GRAPH):
        return str(value(conn, f"select id from public.{level} where orig_id = %s", int(orig_key)))
    return str(
        value(
            conn,
            f"select c.id from public.{level} as c join public.{level} as s on c.mark = s.mark "
            "where s.id = %s and c.id <> s.id",
            int(orig_key),
        )
    )


def point(conn: psycopg.Connection, back: Back) -> str:
    """Point the column of the copied row at the source; returns the row's key."""
    key = new_key(conn, back.level, back.orig_key)
    conn.execute(f"update public.{back.level} set {back.column} = {back.to} where id = {key}")
    return key


def found(conn: psycopg.Connection) -> list[tuple[object, ...]]:
    """What verify names, without its words."""
    return [difference[:5] for difference in verify(conn, 1)]


@pytest.mark.parametrize("back", BACKS, ids=str)
def test_a_column_that_points_at_the_source_is_named(copy: psycopg.Connection, back: Back) -> None:
    key = point(copy, back)

    assert found(copy) == [(back.level, back.orig_key, key, back.difference, back.column)]


def test_the_detail_says_where_it_points(copy: psycopg.Connection) -> None:
    point(copy, Back("", "pages", "21", "told_of", "12"))

    ((*_, detail),) = verify(copy, 1)

    assert "12" in str(detail)
    assert "source" in str(detail)


def test_every_one_of_several_is_named(copy: psycopg.Connection) -> None:
    several = [BACKS[0], BACKS[3], BACKS[10], BACKS[15], BACKS[21]]
    keys = [point(copy, back) for back in several]

    assert sorted(map(str, found(copy))) == sorted(
        str((back.level, back.orig_key, key, back.difference, back.column))
        for back, key in zip(several, keys, strict=True)
    )


def test_two_columns_of_one_row_are_named_each(copy: psycopg.Connection) -> None:
    key = point(copy, Back("", "pages", "21", "shelf_id", "1"))
    point(copy, Back("", "pages", "21", "see_id", "22"))

    assert sorted(found(copy), key=str) == [
        ("pages", "21", key, "crossing", "see_id"),
        ("pages", "21", key, "crossing", "shelf_id"),
    ]


def test_a_row_that_hangs_below_the_source_is_moved(copy: psycopg.Connection) -> None:
    """Of a row that is planned by itself; to which parent it belongs is its edge's column to say."""
    key = point(copy, Back("", "pages", "23", "book_id", "12"))

    assert [each[:5] for each in verify(copy, 1) if each[0] == "pages" and each[1] == "23"] == [
        ("pages", "23", key, "moved", "book_id")
    ]


def test_a_row_below_its_own_level_that_hangs_below_the_source_is_moved(copy: psycopg.Connection) -> None:
    key = point(copy, Back("", "books", "13", "volume_of", "11"))

    assert ("books", "13", key, "moved", "volume_of") in found(copy)


def test_a_row_that_is_found_by_its_parent_alone_is_missing_there(copy: psycopg.Connection) -> None:
    """Nothing refers to a line, so its copy is not recorded; below the source it is a row that is there to copy."""
    key = point(copy, Back("", "lines", "41", "page_id", "21"))

    assert ("lines", "41", None, "missing", None) in found(copy)
    assert all(level == "lines" and column is None for level, _, _, _, column in found(copy)), key


@pytest.mark.parametrize("to", ["11", "13", "15"], ids=["a copied row", "another copied row", "a row left out"])
def test_a_row_without_a_key_that_points_at_the_source_is_named(copy: psycopg.Connection, to: str) -> None:
    root = value(copy, "select new_root_key from duplication.duplications")
    copy.execute(f"update public.labels set book_id = {to} where shelf_id = {root} and word = 'l1'")

    assert ("labels", None, None, "crossing", "book_id") in found(copy)
    assert {(level, column) for level, _, _, _, column in found(copy)} <= {("labels", "book_id"), ("labels", None)}


OUTSIDE = [
    Back("to no row of the tree", "pages", "21", "told_of", "777", "different"),
    Back("to another tree", "pages", "21", "told_of", "14", "different"),
    Back("to another tree, by a foreign key", "books", "11", "next_id", "14", "different"),
    Back("to another row of the copy", "books", "11", "next_id", "(select max(id) from public.books)", "different"),
    Back("to nothing", "books", "11", "next_id", "null", "different"),
    Back("by a pair to nobody", "notes", "31", "about_id", "777", "different"),
]


@pytest.mark.parametrize("back", OUTSIDE, ids=str)
def test_a_column_that_points_elsewhere_is_different(copy: psycopg.Connection, back: Back) -> None:
    key = point(copy, back)

    assert found(copy) == [(back.level, back.orig_key, key, "different", back.column)]


def test_what_leaves_the_tree_does_not_cross(copy: psycopg.Connection) -> None:
    """Page 22 tells of a book of the other shelf, and so does its copy."""
    assert value(copy, "select told_of from public.pages where orig_id = 22") == 14
    assert value(copy, "select shelf_id from public.pages where orig_id = 23") == 2
    assert found(copy) == []


def test_a_pair_whose_type_says_otherwise_does_not_cross(copy: psycopg.Connection) -> None:
    """Note 33 is about person 11, who is not book 11."""
    assert value(copy, "select about_id from public.notes where orig_id = 33") == 11
    assert found(copy) == []


def test_the_source_may_point_at_the_copy(copy: psycopg.Connection) -> None:
    """What the source says has changed, and no more than that."""
    key = new_key(copy, "books", "11")
    copy.execute(f"update public.pages set told_of = {key} where id = 23")

    assert {(each[0], each[1], each[4]) for each in verify(copy, 1)} == {("pages", "23", "told_of")}

"""Preview says what a copy would do: how many rows, in what order, and what stands against it. It writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
import pytest

from tests.engine.shapes import shape as shapes
from tests.engine.shapes.shape import TREE, Shape, at, last_duplication
from tests.engine.shapes.test_edges import SHAPES as EDGES
from tests.engine.shapes.test_keys import BASE_TABLE, COMPOSITE, KEYLESS, KEYLESS_BELOW_ITS_PARENT_ONLY, PARENTS_KEY
from tests.engine.shapes.test_references import CYCLE_OF_THREE, LATER, POLYMORPHIC, SIBLINGS
from tests.engine.shapes.test_refused import REFUSALS, Refusal
from tests.support.calls import copy_level, duplicate, open_duplication, status, value
from tests.support.content import make_episode
from tests.support.graph import Edge, Graph, Level, assert_nothing_new, snapshot
from tests.support.snapshots import contents

Make = Callable[[Shape], psycopg.Connection]


@dataclass(frozen=True)
class Line:
    """A row of a preview."""

    ordinal: int | None
    level: str | None
    relation: str | None
    rows: int | None
    deferred_columns: list[str] | None
    conflicts: list[str]
    warnings: list[str] | None


def preview(conn: psycopg.Connection, root: object, tree: str = TREE, *, exact: bool = False) -> list[Line]:
    found = conn.execute(
        """
        select ordinal, level, relation, rows, deferred_columns, conflicts, warnings
        from duplication.preview(%s, %s, p_exact => %s)
        """,
        (tree, str(root), exact),
    )
    return [Line(*row) for row in found]


@pytest.fixture
def make(shared: psycopg.Connection) -> Iterator[Make]:
    """Creates and registers a shape."""

    def made(shape: Shape) -> psycopg.Connection:
        shapes.make(shared, shape)
        return shared

    yield made
    shapes.remove(shared)


SHAPES = [
    *EDGES,
    BASE_TABLE,
    COMPOSITE,
    KEYLESS,
    KEYLESS_BELOW_ITS_PARENT_ONLY,
    PARENTS_KEY,
    CYCLE_OF_THREE,
    LATER,
    POLYMORPHIC,
    SIBLINGS,
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_exact_numbers_and_order_are_those_of_the_copy(make: Make, shape: Shape) -> None:
    conn = make(shape)

    lines = preview(conn, shape.root, exact=True)

    assert [line.conflicts for line in lines] == [[]] * len(lines)
    duplicate(conn, shape.root, TREE)
    copied = conn.execute(
        """
        select p.level, p.rows_copied, r.deferred_columns
        from duplication.progress p
        join _duplication.level_runs r on r.duplication_id = p.duplication_id and r.level = p.level
        where p.duplication_id = %s and r.backfills is null order by p.ordinal
        """,
        (last_duplication(conn),),
    ).fetchall()
    assert [(line.level, line.rows, line.deferred_columns) for line in lines] == copied
    assert [line.ordinal for line in lines] == list(range(1, len(lines) + 1))
    assert [line.relation for line in lines] == [
        next(each.table for each in shape.graph if each.name == line.level) for line in lines
    ]


def test_another_root_has_numbers_of_its_own(make: Make) -> None:
    conn = make(LATER)

    assert {line.level: line.rows for line in preview(conn, 1, exact=True)} == {"books": 1, "chapters": 3, "pages": 5}
    assert {line.level: line.rows for line in preview(conn, 2, exact=True)} == {"books": 1, "chapters": 1, "pages": 2}


def test_late_columns_are_named(make: Make) -> None:
    conn = make(LATER)

    assert {line.level: line.deferred_columns for line in preview(conn, 1)} == {
        "books": ["cover_id", "first_id"],
        "chapters": ["last_page_id"],
        "pages": [],
    }


@pytest.mark.parametrize("exact", [False, True], ids=["estimated", "exact"])
@pytest.mark.parametrize("shape", [LATER, POLYMORPHIC, EDGES[0], KEYLESS], ids=str)
def test_it_writes_nothing(make: Make, shape: Shape, exact: bool) -> None:
    conn = make(shape)
    before = contents(conn)
    sequences = "select string_agg(concat(sequencename, last_value), ',' order by sequencename) from pg_sequences"
    drawn = value(conn, sequences)

    expected = preview(conn, shape.root, exact=exact)

    assert contents(conn) == before
    assert value(conn, sequences) == drawn
    with conn.transaction():
        conn.execute("set transaction read only")
        assert preview(conn, shape.root, exact=exact) == expected


def test_it_changes_no_setting_of_the_callers(make: Make) -> None:
    conn = make(LATER)
    with conn.transaction():
        before = conn.execute("select name, setting from pg_settings order by 1").fetchall()
        preview(conn, 1)
        preview(conn, 1, exact=True)
        assert conn.execute("select name, setting from pg_settings order by 1").fetchall() == before


def test_estimates_of_the_episode_tree_are_near(shared: psycopg.Connection) -> None:
    """Of trees that are alike, as statistics suppose that they are."""
    source = [make_episode(shared, parts=5, items=6, blocks=7) for _ in range(8)][3]
    for table in ("episodes", "parts", "items", "blocks"):
        shared.execute(f"analyze public.{table}")

    lines = preview(shared, source, "episode")

    assert [line.level for line in lines] == ["episodes", "parts", "items", "blocks"]
    for line, rows in zip(lines, (1, 5, 30, 210), strict=True):
        assert line.rows is not None
        assert rows / 2 <= line.rows <= rows * 2, line
    assert [line.rows for line in preview(shared, source, "episode", exact=True)] == [1, 5, 30, 210]
    assert [(line.conflicts, line.warnings) for line in lines] == [([], [])] * 4


def test_of_a_level_below_itself_it_says_that_the_estimate_is_of_a_part(make: Make) -> None:
    conn = make(next(shape for shape in EDGES if shape.name == "a folder in a folder"))

    assert any("exact" in warning for line in preview(conn, 1) for warning in line.warnings or [])
    assert not any(line.warnings for line in preview(conn, 1, exact=True))


GRAPH: Graph = [
    Level("lists", at("lists")),
    Level("entries", at("entries"), edges=[Edge("lists", "list_id")]),
]
TABLES = """
    create table lists (id serial primary key, mark text, code integer);
    create table others (id serial primary key);
    create table entries (
        id serial primary key, list_id integer not null references lists, place integer not null default 0,
        code text, span int4range, mark text
    );
    create index entries_list_id_idx on entries (list_id);
    insert into lists values (1, 'l1', 5), (2, 'l2', 6);
    insert into entries (id, list_id, place, code, mark)
    select 10 + n, 1 + n % 2, n, 'c' || n, 'e' || n from generate_series(1, 6) as n;
"""


@dataclass(frozen=True)
class Change:
    """What is done to the tables of lists and entries, and what the preview has to name of it."""

    name: str
    change: str
    named: tuple[str, ...]
    level: str | None = "entries"

    def __str__(self) -> str:
        return self.name

    @property
    def shape(self) -> Shape:
        return Shape(self.name, GRAPH, TABLES + self.change)


CONFLICTS = [
    Change(
        "a unique index that refuses every row",
        "create unique index one_code on entries (code, place);",
        ("one_code", "code", "place"),
    ),
    Change(
        "a unique constraint that refuses the root",
        "alter table lists add constraint one_mark unique (mark);",
        ("one_mark", "mark"),
        "lists",
    ),
    Change("an edge without an index", "drop index entries_list_id_idx;", ("list_id", "no index")),
    Change(
        "an edge with an index of some of the rows",
        "drop index entries_list_id_idx; create index on entries (list_id) where place > 0;",
        ("list_id", "no index"),
    ),
    Change("a key without a default", "alter table entries alter id drop default;", ("id", "no default")),
    Change(
        "a key that is not unique",
        "alter table entries drop constraint entries_pkey; create index on entries (id);",
        ("id", "not unique"),
    ),
    Change("a column of an edge that is not there", "alter table entries rename list_id to of_list;", ("list_id",)),
    Change(
        "a circle of references that may not be null",
        """
        alter table lists add first_id integer references entries;
        update lists set first_id = 10 + id % 2 + 2;
        alter table lists alter first_id set not null;
        """,
        ("lists", "entries", "→"),
        None,
    ),
    Change(
        "a foreign table",
        """
        drop table entries;
        create foreign data wrapper nothing; create server nowhere foreign data wrapper nothing;
        create foreign table entries (id integer not null, list_id integer) server nowhere;
        """,
        ("entries", "foreign table"),
        None,
    ),
    Change("a table that is not there", "drop table entries;", ("entries",), None),
    Change("a key that is not there", "alter table entries rename id to nr;", ("entries", "id")),
    Change("a key that cannot be one", "alter table entries alter id type numeric;", ("id", "entries", "key")),
    Change("a table with children", "create table more () inherits (entries);", ("entries", "inherit")),
    Change(
        "a view",
        "drop table entries; create view entries as select 1 as id, 1 as list_id;",
        ("entries", "not a table"),
        None,
    ),
]


@pytest.mark.parametrize("conflict", CONFLICTS, ids=str)
def test_what_refuses_a_copy_is_listed(make: Make, conflict: Change) -> None:
    conn = make(conflict.shape)
    before = contents(conn)

    for exact in (False, True):
        lines = preview(conn, 1, exact=exact)
        (listed,) = [line for line in lines if line.conflicts]
        assert listed.level == conflict.level
        text = " ".join(listed.conflicts)
        assert all(name in text for name in conflict.named), text
    assert contents(conn) == before

    duplication = open_duplication(conn, 1, TREE)
    with pytest.raises(psycopg.Error) as caught:
        copy_level(conn, duplication, "lists")
    assert caught.value.sqlstate == "UD010"
    assert all(name in str(caught.value) for name in conflict.named), caught.value
    assert status(conn, duplication) == "failed"
    after = contents(conn)
    assert {name: after[name] for name in after if name.startswith("shape")} == {
        name: before[name] for name in before if name.startswith("shape")
    }


# What depends on the rows is known when they are planned, and a root that is not a table is not there to be looked for.
FOUND_LATER = ("check", "such a null", "nulls of a time", "a root that is")


@pytest.mark.parametrize(
    "refusal", [each for each in REFUSALS if not any(words in each.name for words in FOUND_LATER)], ids=str
)
def test_whatever_a_tree_is_refused_for_is_listed(make: Make, refusal: Refusal) -> None:
    conn = make(Shape(refusal.name, refusal.graph, refusal.tables))

    for exact in (False, True):
        listed = [line for line in preview(conn, 1, exact=exact) if line.conflicts]
        assert listed
        text = " ".join(text for line in listed for text in [line.level or "", *line.conflicts])
        assert all(name in text for name in refusal.named), text


WARNINGS = [
    Change(
        "a unique index of some of the rows",
        "create unique index one_code on entries (code) where place > 100;",
        ("one_code",),
    ),
    Change(
        "a unique index that another predicate limits to rows that are there",
        "create unique index one_code on entries (code) where mark is not null;",
        ("one_code",),
    ),
    Change(
        "a unique index on an expression",
        "create unique index one_code on entries (lower(code));",
        ("one_code",),
    ),
    Change(
        "a unique index on a column and an expression",
        "create unique index one_code on entries (place, lower(code));",
        ("one_code",),
    ),
    Change(
        "an exclusion constraint",
        "alter table entries add constraint apart exclude using gist (span with &&);",
        ("apart", "exclusion"),
    ),
    Change(
        "a unique reference that may leave the tree",
        """
        alter table entries add best_id integer references entries;
        create unique index one_best on entries (best_id, place);
        """,
        ("one_best", "best_id"),
    ),
]


@pytest.mark.parametrize("warning", WARNINGS, ids=str)
def test_what_may_refuse_a_row_is_a_warning(make: Make, warning: Change) -> None:
    conn = make(warning.shape)

    for exact in (False, True):
        lines = preview(conn, 1, exact=exact)
        assert not any(line.conflicts for line in lines)
        (line,) = [line for line in lines if line.warnings and any("may refuse" in w for w in line.warnings)]
        assert line.level == "entries"
        assert all(name in " ".join(line.warnings or []) for name in warning.named), line.warnings

    # it is not refused beforehand: a batch that meets one fails by itself
    before = snapshot(conn, GRAPH)
    duplication = open_duplication(conn, 1, TREE)
    copy_level(conn, duplication, "lists")
    try:
        copy_level(conn, duplication, "entries")
    except (psycopg.errors.UniqueViolation, psycopg.errors.ExclusionViolation):
        conn.execute("call duplication.discard(%s)", (duplication,))
        assert_nothing_new(conn, GRAPH, before)


QUIET = [
    Change("unique in its parent", "create unique index one_place on entries (list_id, place);", ()),
    Change("unique with its key", "create unique index one_place on entries (place, id);", ()),
    Change("an index that is not unique", "create index on entries (code);", ()),
    Change("unique with columns that are merely included", "create unique index on entries (id) include (code);", ()),
    Change(
        "unique in its parent, of some rows",
        "create unique index one_place on entries (list_id, place) where place > 0;",
        (),
    ),
    Change(
        "excluded in its parent",
        "alter table entries add constraint apart exclude using btree (list_id with =, place with =);",
        (),
    ),
]


@pytest.mark.parametrize("change", QUIET, ids=str)
def test_what_refuses_nothing_is_not_mentioned(make: Make, change: Change) -> None:
    conn = make(change.shape)

    assert [(line.conflicts, line.warnings) for line in preview(conn, 1)] == [([], [])] * 2
    duplicate(conn, 1, TREE)


def test_a_rule_settles_a_conflict(make: Make) -> None:
    conn = make(Shape("lists", GRAPH, TABLES + "alter table entries add token uuid unique default gen_random_uuid();"))
    assert [bool(line.conflicts) for line in preview(conn, 1)] == [False, True]

    conn.execute(
        """
        insert into duplication.column_rules (tree, level, column_name, rule)
        values (%s, 'entries', 'token', 'default')
        """,
        (TREE,),
    )

    assert [(line.conflicts, line.warnings) for line in preview(conn, 1)] == [([], [])] * 2
    duplicate(conn, 1, TREE)


def test_all_conflicts_are_listed_each_at_its_level(make: Make) -> None:
    """A run is refused for the first one; here are the others as well."""
    conn = make(
        Shape(
            "lists",
            GRAPH,
            TABLES
            + """
            alter table lists add unique (mark), add unique (code);
            alter table entries alter id drop default; drop index entries_list_id_idx;
            """,
        )
    )

    assert {line.level: len(line.conflicts) for line in preview(conn, 1)} == {"lists": 2, "entries": 2}


@pytest.mark.parametrize(
    ("tree", "key", "sqlstate", "named"),
    [
        ("nothing", "1", "UD001", "nothing"),
        (TREE, "777", "UD004", "777"),
        (TREE, "one", "UD005", "one"),
        (TREE, "", "UD005", "lists"),
        (TREE, None, "UD005", "null"),
        (None, "1", "UD001", "NULL"),
    ],
    ids=["unknown tree", "missing root", "bad key", "empty key", "no key", "no tree"],
)
@pytest.mark.parametrize("exact", [False, True], ids=["estimated", "exact"])
def test_what_is_asked_for_wrongly_is_named(
    make: Make, tree: str | None, key: str | None, sqlstate: str, named: str, exact: bool
) -> None:
    conn = make(Shape("lists", GRAPH, TABLES))

    with pytest.raises(psycopg.Error, match=named) as caught:
        conn.execute("select * from duplication.preview(%s, %s, %s)", (tree, key, exact))

    assert caught.value.sqlstate == sqlstate
    assert caught.value.diag.message_hint


def test_a_root_that_its_filter_leaves_out_is_missing(make: Make) -> None:
    conn = make(Shape("lists", [Level("lists", at("lists"), filter="code = 6"), GRAPH[1]], TABLES))

    assert preview(conn, 2, exact=True)[1].rows == 3
    with pytest.raises(psycopg.Error) as caught:
        preview(conn, 1)
    assert caught.value.sqlstate == "UD004"


def test_a_key_may_be_written_in_another_way(make: Make) -> None:
    conn = make(Shape("lists", GRAPH, TABLES))

    assert preview(conn, " 01", exact=True) == preview(conn, 1, exact=True)

"""What cannot be copied is refused by name, before a row of content is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
import pytest

from tests.engine.shapes.conftest import Make
from tests.engine.shapes.shape import TREE, Shape, at, copy, discard
from tests.support.calls import duplicate
from tests.support.graph import Edge, Graph, Level, Reference, Rule, assert_nothing_new, snapshot

PARENT = """
    create table lists (id serial primary key, mark text);
    insert into lists values (1, 'l1'), (2, 'l2');
"""
ENTRIES = """
    create table entries (id serial primary key, list_id integer not null references lists, mark text);
    create index on entries (list_id);
    insert into entries values (11, 1, 'e1'), (12, 1, 'e2'), (13, 2, 'e3');
"""
LISTS = Level("lists", at("lists"))
BELOW = Level("entries", at("entries"), edges=[Edge("lists", "list_id")])
WITHOUT_HANDLER = "create foreign data wrapper nothing; create server nowhere foreign data wrapper nothing;"


@dataclass(frozen=True)
class Refusal:
    """A tree that cannot be copied, and what the error has to name."""

    name: str
    graph: Graph
    tables: str
    named: Sequence[str]
    unreadable: Sequence[str] = ()

    def __str__(self) -> str:
        return self.name


def circle(*levels: str, nullable: Sequence[str] = (), domain: str = "integer") -> Refusal:
    """Levels beside each other, each of which needs a row of the next."""
    following = dict(zip(levels, [*levels[1:], levels[0]], strict=True))
    rows = {level: 10 * (n + 1) + 1 for n, level in enumerate(levels)}
    return Refusal(
        f"a circle of {len(levels)} levels without null" + (" by a domain" if domain != "integer" else ""),
        [
            LISTS,
            *(
                Level(
                    name,
                    at(name),
                    edges=[Edge("lists", "list_id")],
                    references=[Reference(["next_id"], following[name])],
                )
                for name in levels
            ),
        ],
        PARENT
        + "create domain needed as integer not null;"
        + "".join(
            f"""
            create table {name} (
                id serial primary key, list_id integer references lists,
                next_id {domain} {"" if name in nullable or domain != "integer" else "not null"}, mark text
            );
            create index on {name} (list_id);
            insert into {name} values ({rows[name]}, 1, {rows[following[name]]}, '{name}');
            """
            for name in levels
        )
        + "".join(f"alter table {name} add foreign key (next_id) references {to};" for name, to in following.items()),
        named=[*levels, " → "],
    )


def late(name: str, change: str, named: Sequence[str]) -> Refusal:
    """Entries that refer to remarks below them, which are copied later, and something that forbids to wait."""
    return Refusal(
        name,
        [
            LISTS,
            Level(
                "entries",
                at("entries"),
                edges=[Edge("lists", "list_id")],
                references=[Reference(["best_id"], "remarks")],
            ),
            Level("remarks", at("remarks"), edges=[Edge("entries", "entry_id")]),
        ],
        PARENT
        + f"""
        create domain needed as integer check (value is not null);
        create table entries (
            id serial primary key, list_id integer not null references lists, best_id integer, mark text
        ) partition by range (id);
        create index on entries (list_id);
        create table entries_all partition of entries for values from (0) to (100000);
        create table remarks (id serial primary key, entry_id integer not null references entries, mark text);
        create index on remarks (entry_id);
        insert into entries values (11, 1, 21, 'e1'), (12, 1, 22, 'e2'), (13, 2, 23, 'e3');
        insert into remarks values (21, 11, 'r1'), (22, 12, 'r2'), (23, 13, 'r3');
        {change}
        alter table entries add foreign key (best_id) references remarks;
        """,
        named,
    )


REFUSALS = [
    Refusal(
        "a foreign table",
        [LISTS, BELOW],
        PARENT
        + WITHOUT_HANDLER
        + "create foreign table entries (id integer not null, list_id integer, mark text) server nowhere;",
        named=("entries", "foreign table"),
        unreadable=("entries",),
    ),
    Refusal(
        "a root that is a foreign table",
        [LISTS],
        WITHOUT_HANDLER + "create foreign table lists (id integer not null, mark text) server nowhere;",
        named=("lists", "foreign table"),
        unreadable=("lists",),
    ),
    Refusal(
        "a partition that is a foreign table",
        [LISTS, Level("entries", at("entries"), edges=[Edge("lists", "list_id")], new_key="7")],
        PARENT
        + WITHOUT_HANDLER
        + """
        create table entries (id integer, list_id integer, mark text) partition by range (id);
        create index on only entries (id);
        create index on only entries (list_id);
        create table entries_1 partition of entries for values from (0) to (100) partition by range (id);
        create table entries_2 partition of entries for values from (100) to (10000);
        create foreign table entries_3 partition of entries_1 for values from (0) to (50) server nowhere;
        """,
        named=("entries_3", "foreign table"),
        unreadable=("entries",),
    ),
    Refusal(
        "a composite key that something refers to",
        [
            LISTS,
            Level("lines", at("lines"), key=None, edges=[Edge("lists", "list_id")]),
            Level("remarks", at("remarks"), edges=[Edge("lists", "list_id")]),
        ],
        PARENT
        + """
        create table lines (list_id integer references lists, number integer, primary key (list_id, number));
        create table remarks (
            id serial primary key, list_id integer references lists, number integer, mark text,
            constraint remark_on_line foreign key (list_id, number) references lines
        );
        create index on remarks (list_id);
        insert into lines values (1, 1), (1, 2);
        insert into remarks values (11, 1, 2, 'r1');
        """,
        named=("remark_on_line", "lines", "key"),
    ),
    circle("dogs", "cats"),
    circle("dogs", "cats", "mice"),
    circle("dogs", "cats", domain="needed"),
    Refusal(
        "a child that its parent cannot do without",
        [Level("lists", at("lists"), references=[Reference(["first_id"], "entries")]), BELOW],
        PARENT
        + ENTRIES
        + """
        alter table lists add first_id integer references entries;
        update lists set first_id = 12;
        alter table lists alter first_id set not null;
        """,
        named=("lists", "entries", " → "),
    ),
    Refusal(
        "a check that forbids the null that a reference is for a time",
        [Level("lists", at("lists"), references=[Reference(["first_id"], "entries")]), BELOW],
        PARENT
        + ENTRIES
        + """
        alter table lists add first_id integer references entries;
        update lists set first_id = 12;
        alter table lists add constraint has_a_first check (first_id is not null or mark = 'l2');
        """,
        named=("lists", "has_a_first", "first_id"),
    ),
    Refusal(
        "a check further down that forbids such a null",
        [
            LISTS,
            Level(
                "entries",
                at("entries"),
                edges=[Edge("lists", "list_id")],
                references=[Reference(["best_id"], "remarks")],
            ),
            Level("remarks", at("remarks"), edges=[Edge("entries", "entry_id")]),
        ],
        PARENT
        + ENTRIES
        + """
        create table remarks (id serial primary key, entry_id integer not null references entries, mark text);
        create index on remarks (entry_id);
        insert into remarks values (21, 11, 'r1'), (22, 12, 'r2'), (23, 13, 'r3');
        alter table entries add best_id integer references remarks;
        update entries set best_id = 22;
        alter table entries add constraint has_a_best check (num_nonnulls(best_id) = 1);
        """,
        named=("entries", "has_a_best", "best_id"),
    ),
    late(
        "a check of a partition that forbids such a null",
        "alter table entries_all add constraint has_a_best check (best_id is not null);",
        named=("entries", "has_a_best", "best_id"),
    ),
    late(
        "a column that is generated from such a null, and may not be null",
        "alter table entries add rest integer generated always as (best_id % 7) stored not null;",
        named=("entries", "rest", "best_id"),
    ),
    late(
        "a check of a column that is generated from such a null",
        """
        alter table entries add rest integer generated always as (best_id % 7) stored,
            add constraint has_a_rest check (rest >= 0 and rest is not null);
        """,
        named=("entries", "has_a_rest", "best_id"),
    ),
    late(
        "a domain that forbids such a null by a check",
        "alter table entries alter best_id type needed;",
        named=("entries", "best_id"),
    ),
    late(
        "nulls of a time that are not distinct",
        "alter table entries_all add constraint one_best unique nulls not distinct (best_id);",
        named=("entries", "one_best"),
    ),
    Refusal(
        "rows that cannot do without a sibling, named by a unique column",
        [
            LISTS,
            Level(
                "entries",
                at("entries"),
                edges=[Edge("lists", "list_id")],
                references=[Reference(["next_code"], "entries", target_columns=["code"])],
                rules=[Rule("code", "default")],
            ),
        ],
        PARENT
        + ENTRIES
        + """
        alter table entries add code uuid not null unique default gen_random_uuid(), add next_code uuid;
        update entries set next_code = code;
        alter table entries alter next_code set not null, add foreign key (next_code) references entries (code);
        """,
        named=("entries", "next_code", " → "),
    ),
    Refusal(
        "no key and two parents",
        [
            LISTS,
            BELOW,
            Level("tags", at("tags"), key=None, edges=[Edge("lists", "list_id"), Edge("entries", "entry_id")]),
        ],
        PARENT
        + ENTRIES
        + """
        create table tags (list_id integer references lists, entry_id integer references entries);
        create index on tags (list_id);
        create index on tags (entry_id);
        insert into tags values (1, 11);
        """,
        named=("tags", "key"),
    ),
    Refusal(
        "no key and rows below",
        [
            LISTS,
            Level("lines", at("lines"), key=None, edges=[Edge("lists", "list_id")]),
            Level("remarks", at("remarks"), edges=[Edge("lines", "line_id")]),
        ],
        PARENT
        + """
        create table lines (list_id integer references lists, id integer);
        create index on lines (list_id);
        create table remarks (id serial primary key, line_id integer, mark text);
        create index on remarks (line_id);
        insert into lines values (1, 1);
        """,
        named=("lines", "key", "remarks"),
    ),
    Refusal(
        "the parent's key, and another parent",
        [
            LISTS,
            BELOW,
            Level("bodies", at("bodies"), edges=[Edge("entries", "id"), Edge("lists", "list_id")]),
        ],
        PARENT
        + ENTRIES
        + """
        create table bodies (id integer primary key references entries, list_id integer references lists, mark text);
        create index on bodies (list_id);
        insert into bodies values (11, 1, 'b1');
        """,
        named=("bodies", "key"),
    ),
    Refusal(
        "one table at two levels",
        [LISTS, BELOW, Level("more", at("entries"), edges=[Edge("entries", "list_id")])],
        PARENT + ENTRIES,
        named=("entries", "more"),
    ),
    Refusal(
        "an edge without an index",
        [LISTS, BELOW, Level("remarks", at("remarks"), edges=[Edge("lists", "list_id"), Edge("entries", "entry_id")])],
        PARENT
        + ENTRIES
        + """
        create table remarks (
            id serial primary key, list_id integer references lists, entry_id integer references entries, mark text
        );
        create index on remarks (list_id, entry_id);
        insert into remarks values (21, 1, 11, 'r1');
        """,
        named=("remarks", "entry_id", "index"),
    ),
    Refusal(
        "levels that the root does not reach",
        [
            LISTS,
            Level("entries", at("entries"), edges=[Edge("remarks", "list_id")]),
            Level("remarks", at("remarks"), edges=[Edge("entries", "entry_id")]),
        ],
        PARENT
        + ENTRIES
        + """
        create table remarks (id serial primary key, entry_id integer references entries, mark text);
        create index on remarks (entry_id);
        """,
        named=("lists",),
    ),
    Refusal(
        "a row that is owned by a column that there is not",
        [LISTS, Level("bodies", at("bodies"), edges=[Edge("lists", "body_id", kind="owned")])],
        PARENT + "create table bodies (id serial primary key, mark text);",
        named=("lists", "body_id"),
    ),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
def test_this_is_refused_by_name(make: Make, refusal: Refusal) -> None:
    conn = make(Shape(refusal.name, refusal.graph, refusal.tables))
    readable = [level for level in refusal.graph if level.name not in refusal.unreadable]
    before = snapshot(conn, [Level(level.name, level.table, level.key) for level in readable])

    with pytest.raises(psycopg.Error) as caught:
        duplicate(conn, 1, TREE)

    error = caught.value.diag
    said = f"{error.message_primary} {error.message_detail} {error.message_hint}"
    assert error.sqlstate == "UD010", said
    for word in refusal.named:
        assert word in said
    assert_nothing_new(conn, [Level(level.name, level.table, level.key) for level in readable], before)


ALLOWED = Shape(
    "a check that the null passes that a reference is for a time",
    [
        Level("lists", at("lists"), references=[Reference(["first_id"], "entries")]),
        Level(
            "entries", at("entries"), edges=[Edge("lists", "list_id")], references=[Reference(["next_id"], "entries")]
        ),
    ],
    PARENT
    + ENTRIES
    + """
    alter table lists add first_id integer references entries,
        add constraint has_a_first check (first_id is not null or mark like 'l%'), add check (first_id > 10);
    alter table entries add next_id integer references entries, add check (next_id > 10), add check (next_id <> id),
        add check (next_id is not null or length(mark) = 2);
    update lists set first_id = 11 + id;
    update entries set next_id = case id when 11 then 12 else 11 end;
    """,
)


def test_a_check_that_the_null_of_a_time_passes_is_no_hindrance(make: Make) -> None:
    conn = make(ALLOWED, 1)

    duplication, before = copy(conn, ALLOWED)

    discard(conn, ALLOWED, duplication, before)


# Inserted by one statement, none of them has to wait for another.
NEVER_NULL = Shape(
    "a check that forbids null in a reference to a sibling",
    [
        Level("lists", at("lists")),
        Level(
            "entries", at("entries"), edges=[Edge("lists", "list_id")], references=[Reference(["next_id"], "entries")]
        ),
    ],
    PARENT
    + ENTRIES
    + """
    alter table entries add next_id integer references entries;
    update entries set next_id = case id when 11 then 12 else 11 end;
    alter table entries add check (num_nonnulls(next_id) = 1);
    """,
)


def test_a_check_on_a_reference_to_siblings_is_no_hindrance(make: Make) -> None:
    conn = make(NEVER_NULL, 1)

    duplication, before = copy(conn, NEVER_NULL)

    discard(conn, NEVER_NULL, duplication, before)

"""Columns, names and tables of every kind."""

from __future__ import annotations

import pytest

from tests.engine.shapes.conftest import Make
from tests.engine.shapes.shape import Shape, at, copy, discard, in_batches
from tests.support.graph import Edge, Level, Reference, Rule


def generated(how: str, since: int = 15) -> Shape:
    """Columns that are generated from plain columns, from a key, and from what names the parent."""
    return Shape(
        f"{how} generated columns",
        [
            Level("boxes", at("boxes"), ignored=["label"], extra={"label is right": "label = 'box ' || id"}),
            Level(
                "things",
                at("things"),
                edges=[Edge("boxes", "box_id")],
                references=[Reference(["next_id"], "things")],
                ignored=["place"],
                extra={"place is right": "place is not distinct from box_id * 10 + next_id"},
            ),
        ],
        f"""
        create table boxes (
            id serial primary key, a integer, b integer, total integer generated always as (a + b) {how},
            label text generated always as ('box ' || id) {how}, mark text
        );
        create table things (
            size integer generated always as (length(mark)) {how}, id serial primary key,
            box_id integer not null references boxes, next_id integer references things, mark text,
            place integer generated always as (box_id * 10 + next_id) {how}
        );
        create index on things (box_id);
        insert into boxes (id, a, b, mark) values (1, 2, 3, 'b1'), (2, 4, null, 'b2');
        insert into things (id, box_id, next_id, mark)
        values (11, 1, 12, 't1'), (12, 1, 11, 't22'), (13, 2, 11, 't333'), (14, 1, null, 't4444');
        """,
        since=since,
    )


TYPES = Shape(
    "domains, enums, arrays, ranges and rows",
    [
        Level("boxes", at("boxes"), orig="orig_id"),
        Level("things", at("things"), edges=[Edge("boxes", "box_id")], references=[Reference(["seen"], "boxes")]),
    ],
    """
    create type mood as enum ('calm', 'so-so', 'it''s "wild"');
    create type pair as (a integer, "B" text);
    create domain short as varchar(12) check (value <> 'forbidden');
    create sequence box_keys;
    create domain box_key as integer check (value > 0);
    create domain moods as mood[];
    create table boxes (
        id box_key primary key default nextval('box_keys'), orig_id box_key,
        mood mood not null default 'calm', moods mood[], all_moods moods, pair pair, pairs pair[], name short,
        names short[], numbers integer[], matrix integer[][], texts text[], span int4range, spans int4multirange,
        during tstzrange, doc jsonb, raw bytea, at timestamptz, amount numeric(12, 3), ip inet, bits bit varying(9),
        words tsvector, flag boolean, chars char(5), quoted text, spent interval
    );
    create table things (
        id serial primary key, box_id box_key not null references boxes, seen box_key references boxes,
        moods moods, mark text
    );
    create index on things (box_id);
    insert into boxes values
    (
        1, null, 'it''s "wild"', '{calm,NULL}', '{so-so}', '(1,"a ""b"", c")', '{"(1,x)",NULL,"(,)"}', 'é''\\',
        '{a,NULL,"b c"}', '[0:1]={1,2}', '{{1,2},{3,4}}', '{NULL,"null","",","}', '[1,5)', '{[1,3),[5,8)}',
        '[2020-01-01 00:00+00,)', '{"a": [1, null, {"b": 1e400}]}', '\\x00ff', 'infinity', 'NaN', '10.1.2.3/8', '101',
        '''a'':1A ''b'':2', true, 'ab', '%s {} : $1 \\', '1 mon -2 days'
    ),
    (2, null, 'calm', null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
     null, null, null, null, null, null, null);
    insert into things values (11, 1, 1, '{calm}', 't1'), (12, 1, 2, null, 't2'), (13, 2, 1, null, 't3');
    """,
)

NAMES = Shape(
    "names that the engine has a use for, and names that need quoting",
    [
        Level('The "Order"', at('"The ""%s"" order"'), key="number"),
        Level(
            "order",
            at('"select"'),
            key="new_key",
            edges=[Edge('The "Order"', "order")],
            references=[Reference(["s"], "order"), Reference(["orig_key"], 'The "Order"')],
            orig="Orig %",
        ),
        Level(
            "order of order",
            at('"m"'),
            key='I"d',
            edges=[Edge("order", "s"), Edge("order of order", "level")],
            references=[Reference(["copy"], "order")],
            filter='"copy" is distinct from s.new_key',
        ),
        Level("%s", at("copy"), key=None, edges=[Edge("order of order", "group")]),
    ],
    """
    create table "The ""%s"" order" (
        number serial primary key, new_key text, "order" text, s text, m integer, "Grüße" text, mark text
    );
    create table "select" (
        "order" integer not null references "The ""%s"" order", number integer, new_key serial primary key,
        s integer references "select", orig_key integer references "The ""%s"" order", "Orig %" integer, "a.b" text,
        "'" text, "%(x)s" text, ":x" text, "$1" text
    );
    create index on "select" ("order");
    create table m (
        "I""d" serial primary key, s integer references "select", copy integer references "select", new_key integer,
        level integer references m, mark text
    );
    create index on m (s);
    create index on m (level);
    create table copy ("group" integer references m, "table" text, id integer, p integer, m integer);
    create index on copy ("group");
    insert into "The ""%s"" order" values (1, 'n', 'o', 's', 7, 'ß', 'o1'), (2, 'n', 'o', 's', 7, 'ß', 'o2');
    insert into "select" values
    (1, 71, 11, 12, 1, null, 'a', 'b', 'c', 'd', 'e'), (1, 72, 12, 12, 2, null, 'f', 'g', 'h', 'i', 'j'),
    (2, 73, 13, 11, 1, null, 'k', 'l', 'm', 'n', 'o'), (1, 74, 14, 13, null, null, null, null, null, null, null);
    insert into m values
    (21, 11, 12, 1, null, 'm1'), (22, null, 11, 2, 21, 'm2'), (23, 13, 11, 3, null, 'm3'), (24, 12, 11, 11, null, 'm4'),
    (25, 12, 13, 3, 22, 'm5');
    insert into copy values (21, 'a', 1, 2, 3), (21, 'a', 1, 2, 3), (22, 'b', 4, 5, 6), (23, 'c', 7, 8, 9);
    """,
)

SCHEMAS = Shape(
    "tables in several schemas, with the same name",
    [
        Level("heads", "shape.things"),
        Level("tails", "shape_other.things", edges=[Edge("heads", "head_id")]),
        Level(
            "ends", 'shape_other."Ends"', edges=[Edge("tails", "tail_id")], references=[Reference(["head_id"], "heads")]
        ),
    ],
    """
    create schema shape_other;
    create table shape.things (id serial primary key, mark text);
    create table shape_other.things (
        id serial primary key, head_id integer not null references shape.things, mark text
    );
    create index on shape_other.things (head_id);
    create table shape_other."Ends" (
        id serial primary key, tail_id integer references shape_other.things, head_id integer references shape.things,
        mark text
    );
    create index on shape_other."Ends" (tail_id);
    insert into shape.things values (1, 'h1'), (2, 'h2');
    insert into shape_other.things values (1001, 1, 't1'), (1002, 2, 't2'), (1003, 1, 't3');
    insert into shape_other."Ends" values
    (2001, 1001, 1, 'e1'), (2002, 1003, 2, 'e2'), (2003, 1002, 1, 'e3'), (2004, 1001, null, 'e4');
    select setval('shape_other.things_id_seq', 5000), setval('shape_other."Ends_id_seq"', 9000);
    """,
)

PARTITIONED = Shape(
    "partitioned tables",
    [
        Level("accounts", at("accounts")),
        Level("entries", at("entries"), edges=[Edge("accounts", "account_id")]),
        Level("details", at("details"), edges=[Edge("entries", "entry_id")], orig="orig_id"),
        Level("logs", at("logs"), key=None, edges=[Edge("entries", "entry_id")]),
    ],
    # by a column that is not the key; by the key; by the edge, with a partition below a partition
    """
    create table accounts (id serial, region text, mark text, primary key (id, region)) partition by list (region);
    create index on accounts (id);
    create table accounts_north partition of accounts for values in ('n');
    create table accounts_rest (
        mark text, region text not null, id integer not null default nextval('accounts_id_seq')
    );
    alter table accounts attach partition accounts_rest default;
    create table entries (id serial primary key, account_id integer, mark text) partition by range (id);
    create index on entries (account_id);
    create table entries_1 partition of entries for values from (0) to (12);
    create table entries_2 partition of entries for values from (12) to (100000);
    create table details (
        id serial, entry_id integer references entries, text text, orig_id integer
    ) partition by hash (entry_id);
    create index on details (id);
    create index on details (entry_id);
    create table details_0 partition of details for values with (modulus 2, remainder 0) partition by hash (id);
    create table details_00 partition of details_0 for values with (modulus 1, remainder 0);
    create table details_1 partition of details for values with (modulus 2, remainder 1);
    create table logs (entry_id integer, day date, text text) partition by range (day);
    create index on logs (entry_id);
    create table logs_old partition of logs for values from (minvalue) to ('2020-01-01');
    create table logs_new partition of logs for values from ('2020-01-01') to (maxvalue);
    insert into accounts values (1, 'n', 'a1'), (2, 's', 'a2'), (3, 'n', 'a3');
    insert into entries values (11, 1, 'e1'), (12, 1, 'e2'), (13, 2, 'e3'), (14, 1, 'e4');
    insert into details select 100 + n, 11 + n % 4, 'd' || n, null from generate_series(1, 23) as n;
    insert into logs select 11 + n % 4, '2019-12-20'::date + n, 'l' || n % 3 from generate_series(1, 23) as n;
    """,
)

DROPPED = Shape(
    "columns that were dropped, added, and given defaults",
    [Level("boxes", at("boxes")), Level("things", at("things"), edges=[Edge("boxes", "box_id")])],
    """
    create table boxes (gone integer, id serial primary key, mark text);
    create table things (
        gone text, id serial primary key, also_gone integer, box_id integer not null references boxes, mark text
    );
    create index on things (box_id);
    insert into boxes values (0, 1, 'b1'), (0, 2, 'b2');
    insert into things values ('x', 11, 1, 1, 't1'), ('x', 12, 1, 2, 't2'), ('x', 13, 1, 1, 't3');
    alter table boxes drop column gone, add added text not null default 'new', add other text default 'unset';
    alter table things drop column gone, drop column also_gone, add added integer default 7;
    update boxes set other = null;
    update things set added = null where id = 11;
    """,
)

PARTITION_TARGET = Shape(
    "a foreign key to a partition",
    [
        Level("books", at("books")),
        Level("chapters", at("chapters"), edges=[Edge("books", "book_id")]),
        Level(
            "pages", at("pages"), edges=[Edge("books", "book_id")], references=[Reference(["chapter_id"], "chapters")]
        ),
    ],
    """
    create table books (id serial primary key, mark text);
    create table chapters (id serial primary key, book_id integer references books, mark text) partition by range (id);
    create index on chapters (book_id);
    create table chapters_all partition of chapters for values from (0) to (100000);
    create table pages (
        id serial primary key, book_id integer references books, chapter_id integer references chapters_all, mark text
    );
    create index on pages (book_id);
    insert into books values (1, 'b1'), (2, 'b2');
    insert into chapters values (11, 1, 'c1'), (12, 2, 'c2');
    insert into pages values (21, 1, 11, 'p1'), (22, 1, 12, 'p2'), (23, 2, 11, 'p3');
    """,
)

PARTITION_SOURCE = Shape(
    "a foreign key of a partition alone",
    PARTITION_TARGET.graph,
    """
    create table books (id serial primary key, mark text);
    create table chapters (id serial primary key, book_id integer references books, mark text);
    create index on chapters (book_id);
    create table pages (
        id serial primary key, book_id integer references books, chapter_id integer, mark text
    ) partition by range (id);
    create index on pages (book_id);
    create table pages_all partition of pages for values from (0) to (100000);
    alter table pages_all add foreign key (chapter_id) references chapters;
    insert into books values (1, 'b1'), (2, 'b2');
    insert into chapters values (11, 1, 'c1'), (12, 2, 'c2');
    insert into pages values (21, 1, 11, 'p1'), (22, 1, 12, 'p2'), (23, 2, 11, 'p3');
    """,
)

NEW_KEY = Shape(
    "an expression that knows the new key",
    [
        Level(
            "books",
            at("books"),
            rules=[Rule("path", "set", "'/' || copy.new_key")],
            ignored=["path"],
            extra={"path": "path = '/' || id"},
        ),
        Level(
            "chapters",
            at("chapters"),
            edges=[Edge("books", "book_id")],
            orig="orig_id",
            rules=[Rule("path", "set", "'/' || (copy.new_key + 0) || '/' || s.id || '/' || s.path || '/' || number")],
            ignored=["path"],
            extra={"path": "path = '/' || id || '/' || orig_id || '/x/7' or orig_id is null"},
        ),
        Level(
            "notes",
            at("notes"),
            key=None,
            edges=[Edge("chapters", "chapter_id")],
            rules=[Rule("path", "set", "'/' || copy.duplication_id || s.chapter_id")],
            ignored=["path"],
        ),
    ],
    """
    create table books (id serial primary key, path text, mark text);
    create table chapters (
        id serial primary key, book_id integer references books, path text, number integer default 7, orig_id integer
    );
    create index on chapters (book_id);
    create table notes (chapter_id integer references chapters, path text);
    create index on notes (chapter_id);
    insert into books values (1, '/1', 'b1'), (2, '/2', 'b2');
    insert into chapters values (11, 1, 'x'), (12, 1, 'x'), (13, 2, 'x');
    insert into notes values (11, 'a'), (12, 'b'), (12, 'c');
    """,
)

SHAPES = [
    generated("stored"),
    generated("virtual", since=18),
    TYPES,
    NAMES,
    SCHEMAS,
    PARTITIONED,
    DROPPED,
    PARTITION_TARGET,
    PARTITION_SOURCE,
    NEW_KEY,
]


@in_batches
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_rows_are_copied_whatever_their_tables_are(make: Make, shape: Shape, small: bool) -> None:
    conn = make(shape, shape.batch_rows if small else 5000)

    duplication, before = copy(conn, shape)

    discard(conn, shape, duplication, before)

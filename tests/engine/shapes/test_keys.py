"""Keys of every kind: of any type, shared by two rows, drawn from anywhere, or none at all."""

from __future__ import annotations

import pytest

from tests.engine.shapes.conftest import Make
from tests.engine.shapes.shape import Shape, at, copy, discard, in_batches
from tests.support.graph import Edge, Level, Reference, Rule


def of_type(kind: str, default: str, keys: tuple[str, str, str, str, str, str]) -> Shape:
    """Two levels and a reference between siblings, with keys of one type."""
    a, b, c, d, e, f = keys
    return Shape(
        f"keys that are {kind}",
        [
            Level("boxes", at("boxes")),
            Level(
                "things",
                at("things"),
                edges=[Edge("boxes", "box_id")],
                references=[Reference(["next_id"], "things")],
                orig="orig_id",
            ),
            Level("marks", at("marks"), edges=[Edge("things", "thing_id")]),
        ],
        f"""
        create sequence new_keys;
        create domain code as text check (value <> '');
        create table boxes (id {kind} primary key default {default}, mark text);
        create table things (
            id {kind} primary key default {default}, box_id {kind} not null references boxes,
            next_id {kind} references things, orig_id {kind}, mark text
        );
        create index on things (box_id);
        create table marks (
            id {kind} primary key default {default}, thing_id {kind} not null references things, mark text
        );
        create index on marks (thing_id);
        insert into boxes values ('{a}', 'b1'), ('{b}', 'b2');
        insert into things values
        ('{c}', '{a}', '{d}', null, 't1'), ('{d}', '{a}', '{c}', null, 't2'), ('{e}', '{b}', '{c}', null, 't3'),
        ('{f}', '{a}', '{e}', null, 't4');
        insert into marks values ('{a}', '{c}', 'm1'), ('{b}', '{f}', 'm2'), ('{c}', '{e}', 'm3');
        """,
        root=a,
    )


NUMBERS = ("1", "2", "11", "12", "13", "14")
UUIDS = tuple(f"00000000-0000-4000-8000-00000000000{n}" for n in range(6))
NAMES = ("a", "B", "it''s", '"quoted\\', " ", "{null,é%}")

TYPES = [
    of_type("smallint", "nextval('new_keys')", NUMBERS),
    of_type("integer", "nextval('new_keys')", NUMBERS),
    of_type("bigint", "nextval('new_keys')", ("-1", "0", "9223372036854775807", "-9223372036854775808", "5", "6")),
    of_type("uuid", "gen_random_uuid()", (UUIDS[0], UUIDS[1], UUIDS[2], UUIDS[3], UUIDS[4], UUIDS[5])),
    of_type("text", "'new-' || nextval('new_keys')", NAMES),
    of_type("varchar(20)", "'new-' || nextval('new_keys')", NAMES),
    of_type("code", "'new-' || nextval('new_keys')", NAMES),
]

MIXED = Shape(
    "keys of another type at each level",
    [
        Level("stores", at("stores")),
        Level("orders", at("orders"), edges=[Edge("stores", "store")]),
        Level("lines", at("lines"), edges=[Edge("orders", "order_id")]),
        Level("parcels", at("parcels"), edges=[Edge("lines", "line_id")], references=[Reference(["store"], "stores")]),
    ],
    """
    create sequence ids;
    create table stores (id text primary key default 'store ' || nextval('ids'), mark text);
    create table orders (id uuid primary key default gen_random_uuid(), store text references stores, mark text);
    create index on orders (store);
    create table lines (id smallserial primary key, order_id uuid references orders, mark text);
    create index on lines (order_id);
    create table parcels (
        id bigserial primary key, line_id bigint references lines, store text references stores, mark text
    );
    create index on parcels (line_id);
    insert into stores values ('one', 's1'), ('two', 's2');
    insert into orders values
    ('00000000-0000-4000-8000-000000000001', 'one', 'o1'), ('00000000-0000-4000-8000-000000000002', 'two', 'o2'),
    ('00000000-0000-4000-8000-000000000003', 'one', 'o3');
    insert into lines
    select n, ('00000000-0000-4000-8000-00000000000' || 1 + n % 3)::uuid, 'l' || n from generate_series(1, 9) as n;
    insert into parcels values
    (101, 3, 'one', 'p1'), (102, 2, 'two', 'p2'), (103, 4, null, 'p3'), (104, 6, 'one', 'p4');
    """,
    root="one",
)

PARENTS_KEY = Shape(
    "the parent's key is its own",
    [
        Level("teams", at("teams")),
        Level("users", at("users"), edges=[Edge("teams", "team_id")]),
        Level("profiles", at("profiles"), key="user_id", edges=[Edge("users", "user_id")]),
        Level("pictures", at("pictures"), key="id", edges=[Edge("profiles", "id")]),
        Level(
            "badges",
            at("badges"),
            edges=[Edge("profiles", "profile_id")],
            references=[Reference(["picture_id"], "pictures"), Reference(["given_by"], "users")],
        ),
    ],
    """
    create table teams (id serial primary key, mark text);
    create table users (id serial primary key, team_id integer not null references teams, mark text);
    create index on users (team_id);
    create table profiles (user_id integer primary key references users, mark text);
    create table pictures (id integer primary key references profiles, mark text);
    create table badges (
        id serial primary key, profile_id integer not null references profiles, picture_id integer references pictures,
        given_by integer references users, mark text
    );
    create index on badges (profile_id);
    insert into teams values (1, 't1'), (2, 't2');
    insert into users values (11, 1, 'u1'), (12, 1, 'u2'), (13, 2, 'u3'), (14, 1, 'without a profile');
    insert into profiles values (11, 'p1'), (12, 'without a picture'), (13, 'p3');
    insert into pictures values (11, 'i1'), (13, 'i3');
    insert into badges values
    (21, 11, 11, 12, 'b1'), (22, 12, 11, 14, 'b2'), (23, 13, 13, 11, 'b3'), (24, 12, 13, 13, 'from another team');
    """,
)

BASE_TABLE = Shape(
    "the key is that of a row in a base table",
    [
        Level("sites", at("sites")),
        Level("articles", at("articles"), edges=[Edge("sites", "site_id")], new_key="nextval('shape.contents_id_seq')"),
        Level("contents", at("contents"), edges=[Edge("articles", "id", kind="owned")]),
        Level(
            "links", at("links"), edges=[Edge("contents", "content_id")], references=[Reference(["to_id"], "articles")]
        ),
    ],
    """
    create table sites (id serial primary key, mark text);
    create table contents (id serial primary key, title text, mark text);
    create table articles (
        id integer primary key references contents, site_id integer not null references sites, mark text
    );
    create index on articles (site_id);
    create table links (
        id serial primary key, content_id integer references contents, to_id integer references articles, mark text
    );
    create index on links (content_id);
    insert into sites values (1, 's1'), (2, 's2');
    insert into contents values (11, 'a', 'c1'), (12, 'b', 'c2'), (13, 'c', 'c3'), (14, 'no article', 'c4');
    insert into articles values (12, 1, 'a2'), (11, 1, 'a1'), (13, 2, 'a3');
    insert into links values (21, 11, 12, 'l1'), (22, 12, 13, 'l2'), (23, 13, 11, 'l3'), (24, 14, 11, 'l4'),
    (25, 11, 11, 'to itself');
    """,
)

BASE_TABLE_OF_TWO = Shape(
    "rows of two kinds, each with its key from a base table",
    [
        Level("sites", at("sites")),
        Level("articles", at("articles"), edges=[Edge("sites", "site_id")], new_key="nextval('shape.contents_id_seq')"),
        Level("films", at("films"), edges=[Edge("sites", "site_id")], new_key="nextval('shape.contents_id_seq')"),
        Level(
            "contents",
            at("contents"),
            edges=[Edge("articles", "id", kind="owned"), Edge("films", "id", kind="owned")],
            references=[Reference(["best_id"], "films")],
        ),
    ],
    """
    create table sites (id serial primary key, mark text);
    create table contents (id serial primary key, best_id integer, mark text);
    create table articles (id integer primary key references contents, site_id integer references sites, mark text);
    create index on articles (site_id);
    create table films (id integer primary key references contents, site_id integer references sites, mark text);
    create index on films (site_id);
    insert into sites values (1, 's1'), (2, 's2');
    insert into contents values (11, 12, 'c1'), (12, 14, 'c2'), (13, 12, 'c3'), (14, null, 'c4'), (15, 15, 'c5');
    insert into articles values (11, 1, 'a1'), (13, 2, 'a2');
    insert into films values (12, 1, 'f1'), (14, 2, 'f2'), (15, 1, 'f3');
    alter table contents add foreign key (best_id) references films;
    """,
)

BASE_TABLE_ABOVE = Shape(
    "rows of two kinds have their keys from a base table above",
    [
        Level("sites", at("sites")),
        Level("contents", at("contents"), edges=[Edge("sites", "site_id")]),
        Level("articles", at("articles"), edges=[Edge("contents", "id")]),
        Level("films", at("films"), edges=[Edge("contents", "id")], references=[Reference(["review_id"], "articles")]),
    ],
    """
    create table sites (id serial primary key, mark text);
    create table contents (id serial primary key, site_id integer references sites, mark text);
    create index on contents (site_id);
    create table articles (id integer primary key references contents, mark text);
    create table films (id integer primary key references contents, review_id integer references articles, mark text);
    insert into sites values (1, 's1'), (2, 's2');
    insert into contents values (11, 1, 'c1'), (12, 1, 'c2'), (13, 2, 'c3'), (14, 1, 'c4'), (15, 2, 'c5');
    insert into articles values (11, 'a1'), (13, 'a3');
    insert into films values (12, 11, 'f2'), (14, 13, 'f4'), (15, 13, 'f5');
    """,
)

COMPOSITE = Shape(
    "a composite key, and references",
    [
        Level("orders", at("orders")),
        Level("parcels", at("parcels"), edges=[Edge("orders", "order_id")]),
        Level(
            "lines",
            at("lines"),
            key=None,
            edges=[Edge("orders", "order_id")],
            references=[
                Reference(["parcel_id"], "parcels"),
                Reference(["seen"], "parcels", is_array=True, by_rule=True),
            ],
        ),
    ],
    """
    create table orders (id serial primary key, mark text);
    create table parcels (id serial primary key, order_id integer references orders, mark text);
    create index on parcels (order_id);
    create table lines (
        order_id integer references orders, number integer, parcel_id integer references parcels, seen integer[],
        what text, primary key (order_id, number)
    );
    insert into orders values (1, 'o1'), (2, 'o2');
    insert into parcels values (11, 1, 'p1'), (12, 1, 'p2'), (13, 2, 'p3');
    insert into lines values
    (1, 1, 11, '{12,11}', 'a'), (1, 2, 11, '{}', 'a'), (1, 3, null, null, 'b'), (1, 4, 13, '{13,12,null}', 'c'),
    (2, 1, 13, '{11}', 'd'), (2, 2, 11, null, 'e');
    """,
)

KEYLESS = Shape(
    "no key at all, and rows that are equal",
    [
        Level("posts", at("posts")),
        Level("comments", at("comments"), edges=[Edge("posts", "post_id")]),
        Level(
            "tags",
            at("tags"),
            key=None,
            edges=[Edge("comments", "comment_id")],
            references=[Reference(["post_id"], "posts"), Reference(["other_id"], "comments")],
        ),
    ],
    """
    create table posts (id serial primary key, mark text);
    create table comments (id serial primary key, post_id integer references posts, mark text);
    create index on comments (post_id);
    create table tags (
        comment_id integer references comments, post_id integer references posts, other_id integer references comments,
        tag text
    );
    create index on tags (comment_id);
    insert into posts values (1, 'p1'), (2, 'p2');
    insert into comments values (11, 1, 'c1'), (12, 1, 'c2'), (13, 2, 'c3');
    insert into tags values
    (11, 1, 12, 'a'), (11, 1, 12, 'a'), (11, 1, 12, 'a'), (12, 1, 12, 'a'), (12, 2, 13, 'b'), (12, null, null, null),
    (13, 1, 11, 'a'), (13, 1, 11, 'a'), (null, 1, 11, 'a');
    """,
)

KEYLESS_BELOW_ITS_PARENT_ONLY = Shape(
    "no key at all below a parent with nothing else",
    [
        Level("posts", at("posts"), orig="orig_id"),
        Level("tags", at("tags"), key=None, edges=[Edge("posts", "post_id")]),
    ],
    """
    create table posts (id serial primary key, orig_id integer);
    create table tags (post_id integer references posts, tag text);
    create index on tags (post_id);
    insert into posts values (1), (2), (3);
    insert into tags select 1 + n % 2, 't' || n % 5 from generate_series(1, 40) as n;
    """,
)

IDENTITY_ALWAYS = Shape(
    "identities that are always generated",
    [
        Level("books", at("books")),
        Level(
            "chapters",
            at("chapters"),
            edges=[Edge("books", "book_id")],
            references=[Reference(["next_id"], "chapters")],
            orig="orig_id",
        ),
        Level("lines", at("lines"), edges=[Edge("chapters", "chapter_id")], orig="orig_id"),
    ],
    """
    create table books (id bigint generated always as identity primary key, mark text);
    create table chapters (
        id bigint generated always as identity primary key, book_id bigint not null references books,
        next_id bigint references chapters, orig_id bigint
    );
    create index on chapters (book_id);
    create table lines (
        id bigint generated always as identity primary key, chapter_id bigint not null references chapters,
        orig_id bigint, text text
    );
    create index on lines (chapter_id);
    insert into books overriding system value values (1, 'b1'), (2, 'b2');
    insert into chapters overriding system value values (11, 1, 12), (12, 1, null), (13, 2, 11), (14, 1, 13);
    insert into lines overriding system value
    select 100 + n, 11 + n % 4, null, 'line ' || n from generate_series(1, 20) as n;
    """,
)

ONE_SEQUENCE = Shape(
    "one sequence for all tables",
    [
        Level("shelves", at("shelves")),
        Level("books", at("books"), edges=[Edge("shelves", "shelf_id")]),
        Level("notes", at("notes"), edges=[Edge("books", "book_id"), Edge("shelves", "shelf_id")]),
    ],
    """
    create sequence ids;
    create table shelves (id bigint primary key default nextval('ids'), mark text);
    create table books (id bigint primary key default nextval('ids'), shelf_id bigint references shelves, mark text);
    create index on books (shelf_id);
    create table notes (
        id bigint primary key default nextval('ids'), book_id bigint references books,
        shelf_id bigint references shelves, mark text
    );
    create index on notes (book_id);
    create index on notes (shelf_id);
    insert into shelves values (1, 's1'), (2, 's2');
    insert into books values (3, 1, 'b3'), (4, 2, 'b4'), (5, 1, 'b5');
    insert into notes values (6, 3, null, 'n6'), (7, null, 1, 'n7'), (8, 5, 2, 'n8'), (9, 4, 2, 'n9');
    """,
)

NO_DEFAULT = Shape(
    "keys without a default",
    [
        Level("lists", at("lists"), new_key="'copy-' || nextval('shape.numbers')"),
        Level("entries", at("entries"), edges=[Edge("lists", "list_id")], new_key="1000000 - nextval('shape.numbers')"),
        Level(
            "remarks",
            at("remarks"),
            edges=[Edge("entries", "entry_id")],
            orig="orig_id",
            new_key="nextval('shape.numbers')",
        ),
    ],
    """
    create sequence numbers;
    create table lists (id text primary key, mark text);
    create table entries (id integer primary key, list_id text references lists, mark text);
    create index on entries (list_id);
    create table remarks (id bigint primary key, entry_id integer references entries, orig_id bigint, text text);
    create index on remarks (entry_id);
    insert into lists values ('a', 'l1'), ('b', 'l2');
    insert into entries values (11, 'a', 'e1'), (12, 'a', 'e2'), (13, 'b', 'e3');
    insert into remarks select 20 + n, 11 + n % 3, null, 'r' || n from generate_series(1, 9) as n;
    """,
    root="a",
)

UNIQUE_NOT_PRIMARY = Shape(
    "a key that is unique and not the primary one",
    [
        Level("lists", at("lists"), key="code", rules=[Rule("id", "default")], ignored=["id"]),
        Level(
            "entries",
            at("entries"),
            key="code",
            edges=[Edge("lists", "list")],
            rules=[Rule("id", "default")],
            ignored=["id"],
        ),
        Level("remarks", at("remarks"), edges=[Edge("entries", "entry")]),
    ],
    """
    create table lists (
        id serial primary key, code uuid not null unique default gen_random_uuid(), mark text
    );
    create table entries (
        id serial primary key, code uuid not null unique default gen_random_uuid(),
        list uuid not null references lists (code), mark text
    );
    create index on entries (list);
    create table remarks (id serial primary key, entry uuid references entries (code), mark text);
    create index on remarks (entry);
    insert into lists values
    (1, '00000000-0000-4000-8000-000000000001', 'l1'), (2, '00000000-0000-4000-8000-000000000002', 'l2');
    insert into entries
    select n, ('00000000-0000-4000-8000-00000000001' || n)::uuid,
        ('00000000-0000-4000-8000-00000000000' || 1 + n % 2)::uuid, 'e' || n
    from generate_series(1, 5) as n;
    insert into remarks
    select n, ('00000000-0000-4000-8000-00000000001' || 1 + n % 5)::uuid, 'r' || n from generate_series(1, 9) as n;
    """,
    root="00000000-0000-4000-8000-000000000001",
)

KEY_SHARING_CYCLE = Shape(
    "the parent's key, and the parent refers to it",
    [
        Level("teams", at("teams")),
        Level("users", at("users"), edges=[Edge("teams", "team_id")], references=[Reference(["friend"], "profiles")]),
        Level("profiles", at("profiles"), key="user_id", edges=[Edge("users", "user_id")]),
        Level("articles", at("articles"), edges=[Edge("teams", "team_id")], new_key="nextval('shape.contents_id_seq')"),
        Level(
            "contents",
            at("contents"),
            edges=[Edge("articles", "id", kind="owned")],
            references=[Reference(["best_id"], "articles"), Reference(["by_id"], "profiles")],
        ),
    ],
    """
    create table teams (id serial primary key, mark text);
    create table users (id serial primary key, team_id integer not null references teams, friend integer, mark text);
    create index on users (team_id);
    create table profiles (user_id integer primary key references users, mark text);
    create table contents (id serial primary key, best_id integer, by_id integer references profiles, mark text);
    create table articles (id integer primary key references contents, team_id integer references teams, mark text);
    create index on articles (team_id);
    insert into teams values (1, 't1'), (2, 't2');
    insert into users values (11, 1, 12, 'u1'), (12, 1, 13, 'u2'), (13, 2, 11, 'u3'),
    (14, 1, null, 'without a profile');
    insert into profiles values (11, 'p1'), (12, 'p2'), (13, 'p3');
    alter table users add foreign key (friend) references profiles;
    insert into contents values (21, 22, 12, 'c1'), (22, 23, 13, 'c2'), (23, 21, 11, 'c3');
    insert into articles values (21, 1, 'a1'), (22, 1, 'a2'), (23, 2, 'a3');
    alter table contents add foreign key (best_id) references articles;
    """,
)

FOLDERS_KEY = Shape(
    "the key of a row that is below another of its level",
    [
        Level("folders", at("folders"), edges=[Edge("folders", "parent_id")], orig="orig_id"),
        Level("settings", at("settings"), key="folder_id", edges=[Edge("folders", "folder_id")], orig="orig_id"),
        Level("labels", at("labels"), key=None, edges=[Edge("settings", "folder_id")]),
        Level(
            "covers",
            at("covers"),
            edges=[
                Edge("labels", "cover_id", kind="owned", condition="keep"),
                Edge("folders", "cover_id", kind="owned"),
            ],
            filter="not gone",
        ),
    ],
    """
    create table covers (id serial primary key, gone boolean default false, mark text);
    create table folders (
        id serial primary key, parent_id integer references folders, cover_id integer references covers, orig_id integer
    );
    create index on folders (parent_id);
    create table settings (folder_id integer primary key references folders, orig_id integer, v text);
    create table labels (
        folder_id integer references settings, n integer, keep boolean, cover_id integer references covers
    );
    create index on labels (folder_id);
    insert into covers values
    (21, false, 'c1'), (22, false, 'c2'), (23, false, 'c3'), (24, false, 'c4'), (25, true, 'c5');
    insert into folders values (9, null, null), (1, 9, 21), (2, 1, 22), (3, 2, null), (4, 9, 22);
    insert into settings values (1, null, 'a'), (2, null, 'a'), (3, null, 'b'), (4, null, 'c'), (9, null, 'd');
    insert into labels values
    (1, 1, true, 21), (1, 2, true, 23), (1, 2, false, 24), (2, 1, true, 22), (4, 1, true, 24), (3, 3, null, null);
    """,
)

SHAPES = [
    *TYPES,
    MIXED,
    PARENTS_KEY,
    BASE_TABLE,
    BASE_TABLE_OF_TWO,
    BASE_TABLE_ABOVE,
    COMPOSITE,
    KEYLESS,
    KEYLESS_BELOW_ITS_PARENT_ONLY,
    IDENTITY_ALWAYS,
    ONE_SEQUENCE,
    NO_DEFAULT,
    UNIQUE_NOT_PRIMARY,
    KEY_SHARING_CYCLE,
    FOLDERS_KEY,
]


@in_batches
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_rows_are_copied_whatever_their_keys_are(make: Make, shape: Shape, small: bool) -> None:
    conn = make(shape, shape.batch_rows if small else 5000)

    duplication, before = copy(conn, shape)

    discard(conn, shape, duplication, before)

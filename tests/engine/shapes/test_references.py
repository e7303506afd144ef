"""References of every kind: those into the tree are to the copy, those that leave it stay."""

from __future__ import annotations

import pytest

from tests.engine.shapes.conftest import Make
from tests.engine.shapes.shape import Shape, at, copy, discard, in_batches
from tests.support.graph import Edge, Level, Reference, Rule

CHAIN = """
    create table books (id serial primary key, mark text);
    create table chapters (id serial primary key, book_id integer not null references books, mark text);
    create index on chapters (book_id);
    create table pages (id serial primary key, chapter_id integer not null references chapters, mark text);
    create index on pages (chapter_id);
    insert into books values (1, 'b1'), (2, 'b2');
    insert into chapters values (11, 1, 'c1'), (12, 1, 'c2'), (13, 2, 'c3'), (14, 1, 'c4');
    insert into pages values
    (21, 11, 'p1'), (22, 11, 'p2'), (23, 12, 'p3'), (24, 13, 'p4'), (25, 14, 'p5'), (26, 14, 'p6'), (27, 13, 'p7');
"""


def chain(
    books: tuple[Reference, ...] = (), chapters: tuple[Reference, ...] = (), pages: tuple[Reference, ...] = ()
) -> list[Level]:
    return [
        Level("books", at("books"), references=books),
        Level("chapters", at("chapters"), edges=[Edge("books", "book_id")], references=chapters),
        Level("pages", at("pages"), edges=[Edge("chapters", "chapter_id")], references=pages),
    ]


EARLIER = Shape(
    "to a level above",
    chain(pages=(Reference(["book_id"], "books"), Reference(["other_id"], "books"))),
    CHAIN
    + """
    alter table pages add book_id integer references books, add other_id integer references books;
    update pages set book_id = case when id = 24 then 2 else 1 end,
        other_id = case id when 22 then 2 when 24 then 1 end;
    """,
)

EARLIER_WITHOUT_NULL = Shape(
    "to a level above, never null",
    EARLIER.graph,
    EARLIER.tables
    + "update pages set other_id = 1 where other_id is null; alter table pages alter other_id set not null;",
)

LATER = Shape(
    "to a level below",
    chain(
        books=(Reference(["cover_id"], "pages"), Reference(["first_id"], "chapters")),
        chapters=(Reference(["last_page_id"], "pages"),),
    ),
    CHAIN
    + """
    alter table books add cover_id integer references pages, add first_id integer references chapters;
    alter table chapters add last_page_id integer references pages;
    update books set cover_id = 25, first_id = case id when 1 then 12 else 11 end;
    update chapters set last_page_id = case id when 11 then 22 when 12 then 24 when 13 then 21 end;
    """,
)

LATER_WITHOUT_NULL = Shape(
    "to a level that is declared later, never null",
    [
        Level("shops", at("shops")),
        Level("sales", at("sales"), edges=[Edge("shops", "shop_id")], references=[Reference(["ware_id"], "wares")]),
        Level("wares", at("wares"), edges=[Edge("shops", "shop_id")], references=[Reference(["vat_id"], "vats")]),
        Level("vats", at("vats"), edges=[Edge("shops", "shop_id")]),
    ],
    """
    create table shops (id serial primary key, mark text);
    create table vats (id serial primary key, shop_id integer not null references shops, mark text);
    create index on vats (shop_id);
    create table wares (
        id serial primary key, shop_id integer not null references shops, vat_id integer not null references vats,
        mark text
    );
    create index on wares (shop_id);
    create table sales (
        id serial primary key, shop_id integer not null references shops, ware_id integer not null references wares,
        mark text
    );
    create index on sales (shop_id);
    insert into shops values (1, 's1'), (2, 's2');
    insert into vats values (11, 1, 'v1'), (12, 1, 'v2'), (13, 2, 'v3');
    insert into wares values (21, 1, 12, 'w1'), (22, 1, 13, 'w2'), (23, 2, 11, 'w3'), (24, 1, 11, 'w4');
    insert into sales values (31, 1, 24, 'l1'), (32, 1, 21, 'l2'), (33, 1, 23, 'l3'), (34, 2, 21, 'l4');
    """,
)

SIBLINGS = Shape(
    "to the same row, and to siblings",
    chain(
        books=(Reference(["self_id"], "books"),),
        chapters=(Reference(["next_id"], "chapters"), Reference(["self_id"], "chapters")),
        pages=(Reference(["see_id"], "pages"),),
    ),
    CHAIN
    + """
    alter table books add self_id integer references books;
    alter table chapters add next_id integer references chapters, add self_id integer references chapters;
    alter table pages add see_id integer references pages;
    update books set self_id = id;
    update chapters set self_id = id,
        next_id = case id when 11 then 14 when 12 then 11 when 13 then 12 when 14 then 13 end;
    update pages set see_id = case id when 21 then 26 when 22 then 22 when 23 then 24 when 24 then 21 when 26 then 21
        end;
    """,
)

SELF_WITHOUT_NULL = Shape(
    "to rows of its own level, never null",
    chain(chapters=(Reference(["next_id"], "chapters"),), pages=(Reference(["see_id"], "pages"),)),
    CHAIN
    + """
    alter table chapters add next_id integer references chapters;
    alter table pages add see_id integer references pages;
    update chapters set next_id = case id when 11 then 14 when 12 then 12 when 13 then 12 when 14 then 11 end;
    update pages set see_id = case id when 27 then 27 else id + 1 end;
    alter table chapters alter next_id set not null;
    alter table pages alter see_id set not null;
    """,
)

CYCLE_OF_TWO = Shape(
    "in a circle of two levels",
    [
        Level("tests", at("tests")),
        Level(
            "questions",
            at("questions"),
            edges=[Edge("tests", "test_id")],
            references=[Reference(["answer_id"], "answers"), Reference(["wrong_id"], "answers")],
        ),
        Level("answers", at("answers"), edges=[Edge("questions", "question_id")]),
    ],
    """
    create table tests (id serial primary key, mark text);
    create table questions (
        id serial primary key, test_id integer not null references tests, answer_id integer, wrong_id integer, mark text
    );
    create index on questions (test_id);
    create table answers (id serial primary key, question_id integer not null references questions, mark text);
    create index on answers (question_id);
    alter table questions add foreign key (answer_id) references answers, add foreign key (wrong_id) references answers;
    insert into tests values (1, 't1'), (2, 't2');
    insert into questions (id, test_id, mark) values (11, 1, 'q1'), (12, 1, 'q2'), (13, 2, 'q3'), (14, 1, 'unanswered');
    insert into answers values (21, 11, 'a1'), (22, 11, 'a2'), (23, 12, 'a3'), (24, 13, 'a4'), (25, 12, 'a5');
    update questions set answer_id = case id when 11 then 22 when 12 then 25 when 13 then 21 end,
        wrong_id = case id when 11 then 21 when 12 then 24 when 13 then 24 end;
    """,
)

CYCLE_OF_THREE = Shape(
    "in a circle of three levels",
    chain(
        books=(Reference(["best_id"], "chapters"),),
        chapters=(Reference(["best_id"], "pages"), Reference(["page_id"], "pages")),
        pages=(Reference(["book_id"], "books"), Reference(["best_id"], "books")),
    ),
    CHAIN
    + """
    alter table books add best_id integer references chapters;
    alter table chapters add best_id integer references pages, add page_id integer references pages;
    alter table pages add book_id integer references books, add best_id integer references books;
    update pages set book_id = case id when 24 then 2 else 1 end, best_id = nullif(id % 3, 0);
    alter table pages alter book_id set not null;
    update chapters set best_id = id + 11, page_id = 26;
    update books set best_id = id + 10;
    """,
)

CYCLE_BESIDE = Shape(
    "in a circle of three levels beside each other",
    [
        Level("games", at("games")),
        Level("as", at("a"), edges=[Edge("games", "game_id")], references=[Reference(["b_id"], "bs")]),
        Level("bs", at("b"), edges=[Edge("games", "game_id")], references=[Reference(["c_id"], "cs")]),
        Level("cs", at("c"), edges=[Edge("games", "game_id")], references=[Reference(["a_id"], "as")], orig="orig_id"),
    ],
    # of the circle, one column alone may be null
    """
    create table games (id serial primary key, mark text);
    create table a (id serial primary key, game_id integer not null references games, b_id integer not null, mark text);
    create index on a (game_id);
    create table b (id serial primary key, game_id integer not null references games, c_id integer, mark text);
    create index on b (game_id);
    create table c (
        id serial primary key, game_id integer not null references games, a_id integer not null, orig_id integer
    );
    create index on c (game_id);
    insert into games values (1, 'g1'), (2, 'g2');
    insert into a values (11, 1, 21, 'a1'), (12, 1, 23, 'a2'), (13, 2, 22, 'a3');
    insert into b values (21, 1, 31, 'b1'), (22, 1, 33, 'b2'), (23, 2, 31, 'b3'), (24, 1, null, 'b4');
    insert into c values (31, 1, 12, null), (32, 1, 13, null), (33, 2, 11, null);
    alter table a add foreign key (b_id) references b;
    alter table b add foreign key (c_id) references c;
    alter table c add foreign key (a_id) references a;
    """,
)

NEW_CODE = [Rule("code", "default")]
UNIQUE_COLUMN = Shape(
    "to a unique column that is not the key",
    [
        Level("books", at("books"), rules=NEW_CODE, ignored=["code"]),
        Level(
            "chapters",
            at("chapters"),
            edges=[Edge("books", "book_id")],
            references=[Reference(["book_code"], "books", target_columns=["code"])],
            rules=NEW_CODE,
            ignored=["code"],
        ),
        Level(
            "pages",
            at("pages"),
            edges=[Edge("chapters", "chapter_id")],
            references=[
                Reference(["chapter_code"], "chapters", target_columns=["code"]),
                Reference(["next_code"], "pages", target_columns=["code"]),
            ],
            rules=NEW_CODE,
            ignored=["code"],
        ),
    ],
    CHAIN
    + """
    alter table books add code uuid not null unique default gen_random_uuid();
    alter table chapters add code uuid not null unique default gen_random_uuid(), add book_code uuid;
    alter table pages add code uuid not null unique default gen_random_uuid(),
        add chapter_code uuid, add next_code uuid;
    update chapters set book_code = books.code from books where books.id = case chapters.id when 12 then 2 else 1 end;
    update pages set chapter_code = chapters.code from chapters where chapters.id = 11 + pages.id % 5;
    update pages set next_code = other.code from pages as other where other.id = pages.id + 2;
    alter table chapters add foreign key (book_code) references books (code);
    alter table pages add foreign key (chapter_code) references chapters (code);
    alter table pages add foreign key (next_code) references pages (code);
    """,
)

COMPOSITE = Shape(
    "pairs of tenant and id",
    [
        Level("projects", at("projects")),
        Level(
            "tasks",
            at("tasks"),
            edges=[Edge("projects", "project_id")],
            references=[
                Reference(["tenant", "project_id"], "projects", target_columns=["tenant", "id"]),
                Reference(["tenant", "after_id"], "tasks", target_columns=["tenant", "id"]),
                Reference(["tenant", "doc_id"], "docs", target_columns=["tenant", "id"]),
            ],
        ),
        Level(
            "docs",
            at("docs"),
            edges=[Edge("projects", "project_id")],
            references=[Reference(["tenant", "project_id"], "projects", target_columns=["tenant", "id"])],
        ),
    ],
    """
    create table tenants (id integer primary key);
    create table projects (
        tenant integer not null references tenants, id serial primary key, mark text, unique (tenant, id)
    );
    create table docs (
        tenant integer not null references tenants, id serial primary key, project_id integer not null, mark text,
        unique (tenant, id), unique (id, tenant),
        foreign key (tenant, project_id) references projects (tenant, id)
    );
    create index on docs (project_id);
    create table tasks (
        id serial primary key, tenant integer not null references tenants, project_id integer not null,
        after_id integer, doc_id integer, mark text,
        unique (tenant, id), foreign key (tenant, project_id) references projects (tenant, id),
        foreign key (tenant, after_id) references tasks (tenant, id),
        foreign key (doc_id, tenant) references docs (id, tenant)
    );
    create index on tasks (project_id);
    insert into tenants values (7), (8);
    insert into projects values (7, 1, 'p1'), (7, 2, 'p2'), (8, 3, 'p3');
    insert into docs values (7, 11, 1, 'd1'), (7, 12, 1, 'd2'), (7, 13, 2, 'd3'), (8, 14, 3, 'd4');
    insert into tasks values
    (21, 7, 1, 23, 11, 't1'), (22, 7, 1, null, 13, 't2'), (23, 7, 1, 23, null, 't3'), (24, 7, 2, 21, 12, 't4'),
    (25, 7, 1, 24, 12, 't5'), (26, 8, 3, null, 14, 't6');
    """,
)

BY_RULE = Shape(
    "by a rule alone",
    chain(
        books=(Reference(["cover"], "pages", by_rule=True),),
        chapters=(Reference(["best"], "chapters", by_rule=True),),
        pages=(Reference(["back"], "books", by_rule=True), Reference(["see"], "pages", by_rule=True)),
    ),
    CHAIN
    + """
    alter table books add cover bigint;
    alter table chapters add best integer;
    alter table pages add back smallint, add see integer not null default 99;
    update books set cover = id + 22;
    update chapters set best = case id when 11 then 11 when 12 then 14 when 13 then 11 when 14 then 13 end;
    update pages set back = id % 3, see = case id when 27 then 99 else id + 1 end;
    """,
)

POLYMORPHIC = Shape(
    "by pairs of type and id",
    [
        *chain(),
        Level(
            "remarks",
            at("remarks"),
            edges=[Edge("books", "book_id")],
            references=[
                Reference(["about_id"], "books", condition="about_type = 'book'", by_rule=True),
                Reference(["about_id"], "chapters", condition="s.about_type = 'chapter'", by_rule=True),
                Reference(["about_id"], "pages", condition="about_type like 'page%'", by_rule=True),
                Reference(["about_id"], "remarks", condition="about_type = 'remark'", by_rule=True),
            ],
        ),
    ],
    # all keys are those of each other, so that the type alone tells them apart
    """
    create table books (id serial primary key, mark text);
    create table chapters (id serial primary key, book_id integer not null references books, mark text);
    create index on chapters (book_id);
    create table pages (id serial primary key, chapter_id integer not null references chapters, mark text);
    create index on pages (chapter_id);
    create table remarks (
        id serial primary key, book_id integer references books, about_type text, about_id integer, mark text
    );
    create index on remarks (book_id);
    insert into books values (1, 'b1'), (2, 'b2');
    insert into chapters values (1, 2, 'c1'), (2, 1, 'c2'), (3, 1, 'c3');
    insert into pages values (1, 2, 'p1'), (2, 1, 'p2'), (3, 3, 'p3');
    insert into remarks values
    (1, 1, 'book', 1, 'm1'), (2, 1, 'book', 2, 'm2'), (3, 1, 'chapter', 1, 'm3'), (4, 1, 'chapter', 2, 'm4'),
    (5, 1, 'page', 1, 'm5'), (6, 1, 'pages', 3, 'm6'), (7, 1, 'user', 1, 'm7'), (8, 1, null, 1, 'm8'),
    (9, 1, 'remark', 9, 'm9'), (10, 1, 'remark', 11, 'm10'), (11, 2, 'remark', 1, 'm11'), (12, 1, 'page', null, 'm12'),
    (13, 1, 'page', 77, 'm13'), (14, 1, 'remark', 1, 'm14');
    """,
)

ARRAYS = Shape(
    "in arrays of keys",
    chain(
        books=(Reference(["order"], "chapters", is_array=True, by_rule=True),),
        chapters=(Reference(["near"], "chapters", is_array=True, by_rule=True),),
        pages=(Reference(["back"], "books", is_array=True, by_rule=True),),
    ),
    CHAIN
    + """
    alter table books add "order" integer[];
    alter table chapters add near bigint[] not null default '{}';
    alter table pages add back integer[];
    update books set "order" = '{14,11,12,11,13,99,null}';
    update chapters set near = case id
        when 11 then '{11}' when 12 then '{}' when 13 then '{11}' else '{13,12}' end::bigint[];
    update pages set back = case id when 21 then '{1,2,1}' when 22 then '{}' when 23 then '{2}' end::integer[];
    """,
)

JSON = Shape(
    "inside of a document, by an expression",
    [
        *chain(),
        Level(
            "layouts",
            at("layouts"),
            edges=[Edge("books", "book_id")],
            references=[
                Reference(["chapter"], "chapters"),
                Reference(["pages"], "pages", is_array=True),
            ],
            ignored=["doc"],
            extra={
                "chapter": "doc ->> 'chapter'",
                "pages": "array(select jsonb_array_elements_text(doc -> 'pages'))",
                "rest": "doc - array['chapter', 'pages']",
            },
            rules=[
                Rule(
                    "doc",
                    "set",
                    """
                    jsonb_set(
                        jsonb_set(s.doc, '{chapter}', to_jsonb(coalesce(
                            duplication.map_key(copy.duplication_id, 'chapters', s.doc ->> 'chapter')::integer,
                            (s.doc ->> 'chapter')::integer
                        ))),
                        '{pages}', (
                            select coalesce(jsonb_agg(to_jsonb(coalesce(
                                duplication.map_key(copy.duplication_id, 'pages', p.key)::integer, p.key::integer
                            )) order by p.nr), '[]')
                            from jsonb_array_elements_text(s.doc -> 'pages') with ordinality as p (key, nr)
                        )
                    )
                    """,
                )
            ],
        ),
    ],
    CHAIN
    + """
    create table layouts (id serial primary key, book_id integer not null references books, doc jsonb, mark text);
    create index on layouts (book_id);
    insert into layouts values
    (31, 1, '{"chapter": 11, "pages": [26, 21, 24], "a": {"b": 1}}', 'l1'),
    (32, 1, '{"chapter": 13, "pages": []}', 'l2'), (33, 2, '{"chapter": 11, "pages": [21]}', 'l3');
    """,
)

LEAVES = Shape(
    "out of the tree",
    [
        Level("books", at("books"), references=[Reference(["sequel_id"], "books")]),
        Level(
            "chapters", at("chapters"), edges=[Edge("books", "book_id")], references=[Reference(["from_id"], "pages")]
        ),
        Level("pages", at("pages"), edges=[Edge("chapters", "chapter_id")]),
    ],
    CHAIN
    + """
    create table people (id integer primary key);
    insert into people values (1), (11);
    alter table books add sequel_id integer references books,
        add author_id integer not null default 1 references people;
    alter table chapters add from_id integer references pages, add author_id integer default 11 references people;
    update books set sequel_id = 3 - id;
    update chapters set from_id = 24;
    """,
)

SWITCHED_OFF = Shape(
    "that a rule says to keep",
    [
        Level("books", at("books")),
        Level(
            "chapters",
            at("chapters"),
            edges=[Edge("books", "book_id")],
            rules=[Rule("first_id", "keep"), Rule("last_id", "null"), Rule("best_id", "set", "s.best_id + 1")],
            ignored=["last_id", "best_id"],
            extra={"last": "last_id is null or id < 1000", "best": "best_id + case when id < 1000 then 1 else 0 end"},
        ),
        Level("pages", at("pages"), edges=[Edge("chapters", "chapter_id")]),
    ],
    CHAIN
    + """
    alter table chapters add first_id integer references pages, add last_id integer references pages,
        add best_id integer references pages;
    update chapters set first_id = 21, last_id = 25, best_id = 22;
    """,
)

DEFERRED = Shape(
    "by constraints that are deferred, not validated, or refer by a full match",
    chain(
        books=(Reference(["cover_id"], "pages"),),
        chapters=(Reference(["next_id"], "chapters"),),
        pages=(Reference(["back_id"], "chapters"),),
    ),
    CHAIN
    + """
    alter table books add cover_id integer references pages deferrable initially deferred;
    alter table chapters add next_id integer references chapters match full deferrable;
    alter table pages add back_id integer;
    update books set cover_id = 20 + id;
    update chapters set next_id = case id when 14 then 11 else id + 1 end;
    update pages set back_id = case id when 21 then 77 else 11 + id % 4 end;
    alter table pages add foreign key (back_id) references chapters not valid;
    update pages set back_id = 12 where id = 21;
    """,
)

TWO_CONSTRAINTS = Shape(
    "by a column with two constraints",
    chain(pages=(Reference(["chapter_id"], "chapters"),)),
    CHAIN + "alter table pages add foreign key (chapter_id) references chapters on delete cascade;",
)

TENANTS = Shape(
    "pairs of id and a tenant that is copied as well",
    [
        Level("tenants", at("tenants")),
        Level("projects", at("projects"), edges=[Edge("tenants", "tenant_id")]),
        Level(
            "tasks",
            at("tasks"),
            edges=[Edge("projects", "project_id")],
            references=[
                Reference(["tenant_id"], "tenants"),
                Reference(["tenant_id", "project_id"], "projects", target_columns=["tenant_id", "id"]),
                Reference(["tenant_id", "after_id"], "tasks", target_columns=["tenant_id", "id"]),
                Reference(["tenant_id", "user_id"], "users", target_columns=["tenant_id", "id"]),
            ],
        ),
        Level("users", at("users"), edges=[Edge("tenants", "tenant_id")]),
    ],
    """
    create table tenants (id serial primary key, mark text);
    create table projects (
        tenant_id integer not null references tenants, id serial primary key, mark text, unique (tenant_id, id)
    );
    create table users (
        tenant_id integer not null references tenants, id serial primary key, mark text,
        unique (tenant_id, id), unique (id, tenant_id)
    );
    create table tasks (
        id serial primary key, tenant_id integer not null references tenants, project_id integer not null,
        after_id integer, user_id integer, mark text, unique (tenant_id, id),
        foreign key (tenant_id, project_id) references projects (tenant_id, id),
        foreign key (tenant_id, after_id) references tasks (tenant_id, id),
        foreign key (user_id, tenant_id) references users (id, tenant_id)
    );
    create index on tasks (project_id);
    insert into tenants values (1, 't1'), (2, 't2');
    insert into projects values (1, 11, 'p1'), (1, 12, 'p2'), (2, 13, 'p3');
    insert into users values (1, 21, 'u1'), (1, 22, 'u2'), (2, 23, 'u3');
    insert into tasks values
    (31, 1, 11, 33, 21, 'k1'), (32, 1, 12, null, 22, 'k2'), (33, 1, 12, 33, null, 'k3'), (34, 2, 13, null, 23, 'k4');
    """,
)

NOT_ENFORCED = Shape(
    "by a foreign key that is not enforced",
    chain(pages=(Reference(["next_id"], "pages"), Reference(["book_id"], "books"))),
    CHAIN
    + """
    alter table pages add next_id integer, add book_id integer;
    update pages set next_id = id + 1, book_id = 1;
    alter table pages add foreign key (next_id) references pages not enforced,
        add foreign key (book_id) references books not enforced;
    """,
    since=18,
)

UNIQUE_REFERENCE = Shape(
    "by a column that is unique",
    chain(pages=(Reference(["prev_id"], "pages"),)),
    CHAIN
    + """
    alter table pages add prev_id integer unique references pages, add position integer;
    update pages set position = id, prev_id = case when id in (22, 26, 27) then id - 1 end;
    alter table pages add unique (chapter_id, position);
    """,
)

OTHER_ARRAYS = Shape(
    "in arrays of uuids and of text",
    [
        Level("books", at("books")),
        Level(
            "tags",
            at("tags"),
            edges=[Edge("books", "book_id")],
            references=[
                Reference(["near"], "tags", is_array=True, by_rule=True),
                Reference(["codes"], "codes", is_array=True, by_rule=True),
                Reference(["one"], "tags", by_rule=True),
            ],
        ),
        Level(
            "codes",
            at("codes"),
            key="code",
            edges=[Edge("books", "book_id")],
            new_key="'n' || nextval('shape.books_id_seq')",
        ),
    ],
    """
    create table books (id serial primary key, mark text);
    create table tags (
        id uuid primary key default gen_random_uuid(), book_id integer references books, near uuid[] not null,
        codes varchar(20)[], one text, mark text
    );
    create index on tags (book_id);
    create table codes (code text primary key, book_id integer references books, mark text);
    create index on codes (book_id);
    insert into books values (1, 'b1'), (2, 'b2');
    insert into codes values ('a,b', 1, 'k1'), ('"x"', 1, 'k2'), ('null', 2, 'k3');
    insert into tags values
    ('00000000-0000-4000-8000-000000000001', 1,
     '{00000000-0000-4000-8000-000000000001,00000000-0000-4000-8000-000000000002}',
     array['a,b', 'null', '"x"', null], null, 't1'),
    ('00000000-0000-4000-8000-000000000002', 2, '{00000000-0000-4000-8000-000000000001}', array['a,b'],
     '00000000-0000-4000-8000-000000000001', 't2'),
    ('00000000-0000-4000-8000-000000000003', 1, '{}', '{}', '00000000-0000-4000-8000-000000000001', 't3');
    """,
)

SHAPES = [
    EARLIER,
    EARLIER_WITHOUT_NULL,
    LATER,
    LATER_WITHOUT_NULL,
    SIBLINGS,
    SELF_WITHOUT_NULL,
    CYCLE_OF_TWO,
    CYCLE_OF_THREE,
    CYCLE_BESIDE,
    UNIQUE_COLUMN,
    COMPOSITE,
    BY_RULE,
    POLYMORPHIC,
    ARRAYS,
    JSON,
    LEAVES,
    SWITCHED_OFF,
    DEFERRED,
    TWO_CONSTRAINTS,
    TENANTS,
    NOT_ENFORCED,
    UNIQUE_REFERENCE,
    OTHER_ARRAYS,
]


@in_batches
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_references_into_the_tree_are_to_the_copy(make: Make, shape: Shape, small: bool) -> None:
    conn = make(shape, shape.batch_rows if small else 5000)

    duplication, before = copy(conn, shape)

    discard(conn, shape, duplication, before)

"""How rows are reached: by several edges, through what owns them, from rows of their own table."""

from __future__ import annotations

import pytest

from tests.engine.shapes.conftest import Make
from tests.engine.shapes.shape import Shape, at, copy, discard, in_batches
from tests.support.graph import Edge, Level, Reference

SEVERAL_EDGES = Shape(
    "reached through several edges",
    [
        Level("binders", at("binders")),
        Level("rows", at("rows"), edges=[Edge("binders", "binder_id")]),
        Level("columns", at("columns"), edges=[Edge("binders", "binder_id")]),
        Level("cells", at("cells"), edges=[Edge("rows", "row_id"), Edge("columns", "column_id")]),
        Level("assignments", at("assignments"), edges=[Edge("binders", "binder_id"), Edge("rows", "row_id")]),
    ],
    """
    create table binders (id serial primary key, mark text);
    create table rows (id serial primary key, binder_id integer not null references binders, mark text);
    create index on rows (binder_id);
    create table columns (id serial primary key, binder_id integer not null references binders, mark text);
    create index on columns (binder_id);
    create table cells (
        id serial primary key, row_id integer not null references rows, column_id integer references columns, mark text
    );
    create index on cells (row_id);
    create index on cells (column_id);
    create table assignments (
        id serial primary key, binder_id integer references binders, row_id integer references rows, mark text
    );
    create index on assignments (binder_id);
    create index on assignments (row_id);

    insert into binders values (1, 'b1'), (2, 'b2');
    insert into rows values (11, 1, 'r1'), (12, 1, 'r2'), (13, 1, 'r3'), (14, 2, 'r4');
    insert into columns values (21, 1, 'c1'), (22, 1, 'c2'), (23, 2, 'c3');
    insert into cells values
    (31, 11, 21, 'both'), (32, 11, 22, 'both'), (33, 12, 21, 'both'), (34, 12, null, 'only the row'),
    (35, 13, 23, 'a column of the other'), (36, 14, 22, 'a row of the other'), (37, 14, 23, 'not in it');
    update cells set mark = mark || ' ' || id;
    insert into assignments values
    (41, 1, null, 'on the binder'), (42, null, 11, 'on a row'), (43, 1, 12, 'on both'), (44, null, null, 'on nothing'),
    (45, 2, null, 'on the other'), (46, 2, 13, 'on a row, and on the other binder'), (47, null, 14, 'on its row');
    """,
)

NO_FOREIGN_KEY = Shape(
    "by a column without a foreign key",
    [
        Level("lists", at("lists")),
        Level("entries", at("entries"), edges=[Edge("lists", "list_id")]),
        Level("remarks", at("remarks"), edges=[Edge("entries", "entry_id")]),
    ],
    """
    create table lists (id serial primary key, mark text);
    create table entries (id serial primary key, list_id bigint, mark text);
    create index on entries (list_id);
    create table remarks (id serial primary key, entry_id smallint, mark text);
    create index on remarks (entry_id);
    insert into lists values (1, 'l1'), (2, 'l2');
    insert into entries values (11, 1, 'e1'), (12, 1, 'e2'), (13, 2, 'e3'), (14, null, 'e4'), (15, 99, 'e5');
    insert into remarks values (21, 11, 'm1'), (22, 12, 'm2'), (23, 12, 'm3'), (24, 13, 'm4'), (25, 99, 'm5');
    """,
)

POLYMORPHIC = Shape(
    "by a pair of type and id",
    [
        Level("posts", at("posts")),
        Level("pictures", at("pictures"), edges=[Edge("posts", "post_id")]),
        Level(
            "comments",
            at("comments"),
            edges=[
                Edge("posts", "about_id", condition="about_type = 'Post'"),
                Edge("pictures", "about_id", condition="about_type = 'Picture'"),
            ],
        ),
    ],
    # posts and pictures have the same keys, so that the type alone tells them apart
    """
    create table posts (id serial primary key, mark text);
    create table pictures (id serial primary key, post_id integer references posts, mark text);
    create index on pictures (post_id);
    create table comments (id serial primary key, about_type text, about_id integer, mark text);
    create index on comments (about_id, about_type);
    insert into posts values (1, 'p1'), (2, 'p2'), (3, 'p3');
    insert into pictures values (1, 2, 'i1'), (2, 1, 'i2'), (3, 1, 'i3');
    insert into comments values
    (11, 'Post', 1, 'on the post'), (12, 'Post', 1, 'on it too'), (13, 'Picture', 2, 'on its picture'),
    (14, 'Picture', 3, 'on another'), (15, 'Picture', 1, 'on a picture of another'), (16, 'Post', 2, 'on the other'),
    (17, 'User', 1, 'on somebody'), (18, null, 1, 'on nobody knows what'), (19, 'Post', null, 'on no post');
    """,
)

OWNED = Shape(
    "owned through a column of the parent",
    [
        Level("sites", at("sites")),
        Level("pages", at("pages"), edges=[Edge("sites", "site_id")]),
        Level("bodies", at("bodies"), edges=[Edge("pages", "body_id", kind="owned")]),
        Level("paragraphs", at("paragraphs"), edges=[Edge("bodies", "body_id")]),
    ],
    """
    create table sites (id serial primary key, mark text);
    create table bodies (id serial primary key, mark text);
    create table pages (
        id serial primary key, site_id integer not null references sites, body_id integer not null references bodies,
        mark text
    );
    create index on pages (site_id);
    create index on pages (body_id);
    create table paragraphs (id serial primary key, body_id integer not null references bodies, mark text);
    create index on paragraphs (body_id);
    insert into sites values (1, 's1'), (2, 's2');
    insert into bodies values (11, 'b1'), (12, 'b2'), (13, 'b3'), (14, 'nobody''s');
    insert into pages values (21, 1, 12, 'p1'), (22, 1, 11, 'p2'), (23, 2, 13, 'p3'), (24, 2, 11, 'shared'),
    (25, 1, 12, 'the same body');
    insert into paragraphs values (31, 11, 'g1'), (32, 12, 'g2'), (33, 12, 'g3'), (34, 13, 'g4');
    """,
)

OWNED_THROUGH_JOIN = Shape(
    "owned through a join table",
    [
        Level("articles", at("articles")),
        Level("uses", at("uses"), key=None, edges=[Edge("articles", "article_id")]),
        Level("images", at("images"), edges=[Edge("uses", "image_id", kind="owned")]),
    ],
    """
    create table articles (id serial primary key, mark text);
    create table images (id serial primary key, mark text);
    create table uses (
        article_id integer references articles, image_id integer references images, position integer,
        primary key (article_id, image_id)
    );
    create index on uses (image_id);
    insert into articles values (1, 'a1'), (2, 'a2');
    insert into images values (11, 'i1'), (12, 'i2'), (13, 'i3'), (14, 'i4');
    insert into uses values (1, 12, 1), (1, 11, 2), (2, 11, 1), (2, 13, 2);
    """,
)

TWO_OWNERS = Shape(
    "owned by rows of two levels",
    [
        Level("sites", at("sites")),
        Level("pages", at("pages"), edges=[Edge("sites", "site_id")]),
        Level("drafts", at("drafts"), edges=[Edge("pages", "page_id")]),
        Level(
            "bodies",
            at("bodies"),
            edges=[Edge("pages", "body_id", kind="owned"), Edge("drafts", "body_id", kind="owned")],
        ),
    ],
    """
    create table sites (id serial primary key, mark text);
    create table bodies (id serial primary key, mark text);
    create table pages (
        id serial primary key, site_id integer not null references sites, body_id integer references bodies, mark text
    );
    create index on pages (site_id);
    create index on pages (body_id);
    create table drafts (
        id serial primary key, page_id integer not null references pages, body_id integer references bodies, mark text
    );
    create index on drafts (page_id);
    create index on drafts (body_id);
    insert into sites values (1, 's1'), (2, 's2');
    insert into bodies values (11, 'the page''s'), (12, 'the draft''s'), (13, 'both''s'), (14, 'the other''s');
    insert into pages values (21, 1, 11, 'p1'), (22, 1, 13, 'p2'), (23, 2, 14, 'p3'), (24, 1, null, 'p4');
    insert into drafts values
    (31, 21, 12, 'd1'), (32, 21, 13, 'd2'), (33, 22, 13, 'd3'), (34, 23, 14, 'd4'), (35, 24, null, 'd5');
    """,
)

FRONT_PAGE = Shape(
    "below its parent, and owned by it as well",
    [
        Level("sites", at("sites")),
        Level("pages", at("pages"), edges=[Edge("sites", "site_id"), Edge("sites", "front_page_id", kind="owned")]),
    ],
    """
    create table sites (id serial primary key, front_page_id integer, mark text);
    create table pages (id serial primary key, site_id integer references sites, mark text);
    create index on pages (site_id);
    alter table sites add foreign key (front_page_id) references pages;
    create index on sites (front_page_id);
    insert into sites (id, mark) values (1, 's1'), (2, 's2');
    insert into pages values (11, 1, 'p1'), (12, 1, 'p2'), (13, null, 'the front'), (14, 2, 'p4');
    update sites set front_page_id = case id when 1 then 13 else 14 end;
    """,
)

COMMENTS = Shape(
    "in threads",
    [
        Level("posts", at("posts")),
        Level("comments", at("comments"), edges=[Edge("posts", "post_id"), Edge("comments", "parent_id")]),
        Level("likes", at("likes"), edges=[Edge("comments", "comment_id")]),
    ],
    """
    create table posts (id serial primary key, mark text);
    create table comments (
        id serial primary key, post_id integer references posts, parent_id integer references comments, mark text
    );
    create index on comments (post_id);
    create index on comments (parent_id);
    create table likes (id serial primary key, comment_id integer not null references comments, mark text);
    create index on likes (comment_id);
    insert into posts values (1, 'p1'), (2, 'p2');
    insert into comments values
    (11, 1, null, 'c1'), (12, 1, 11, 'with its post'), (13, null, 11, 'without'), (14, null, 13, 'deeper'),
    (15, 1, 19, 'an answer to one of the other post'), (16, null, 14, 'deeper still'), (19, 2, null, 'of the other'),
    (17, null, 19, 'below it'), (18, 1, 20, 'before what it answers'), (20, 1, null, 'c10');
    insert into likes values (21, 11, 'l1'), (22, 14, 'l2'), (23, 16, 'l3'), (24, 16, 'l4'), (25, 17, 'l5');
    """,
)

FOLDERS = [
    Level("folders", at("folders"), edges=[Edge("folders", "parent_id")]),
    Level("documents", at("documents"), edges=[Edge("folders", "folder_id")]),
]
FOLDER_TABLES = """
    create table folders (id serial primary key, parent_id integer references folders, mark text);
    create index on folders (parent_id);
    create table documents (id serial primary key, folder_id integer not null references folders, mark text);
    create index on documents (folder_id);
"""

FOLDER_IN_FOLDER = Shape(
    "a folder in a folder",
    FOLDERS,
    FOLDER_TABLES
    + """
    insert into folders values (9, null, 'top'), (1, 9, 'root'), (2, 9, 'beside'), (3, 1, 'a'), (4, 1, 'b'),
    (5, 3, 'c'), (6, 2, 'd'), (7, 8, 'before its parent'), (8, 5, 'e');
    insert into documents
    select 100 + 10 * id + n, id, format('%s/%s', mark, n) from folders, generate_series(1, 2) as n where id <> 4;
    """,
)

TOP_FOLDER = Shape("a folder that is in no other", FOLDERS, FOLDER_IN_FOLDER.tables, root=9)

FOLDER_OF_ITS_OWN = Shape(
    "a folder that is in itself",
    FOLDERS,
    FOLDER_TABLES
    + """
    insert into folders values (1, 1, 'root'), (2, 1, 'a'), (3, 2, 'b'), (4, 4, 'other');
    insert into documents values (11, 1, 'd1'), (12, 3, 'd2'), (13, 4, 'd3');
    """,
)

FOLDERS_IN_A_CIRCLE = Shape(
    "folders in a circle",
    FOLDERS,
    FOLDER_TABLES
    + """
    insert into folders (id, mark) values (1, 'root'), (2, 'a'), (3, 'b'), (4, 'other');
    update folders set parent_id = case id when 1 then 3 when 2 then 1 when 3 then 2 end;
    insert into documents values (11, 1, 'd1'), (12, 3, 'd2'), (13, 4, 'd3');
    """,
)

DEEP = Shape(
    "two hundred folders deep",
    FOLDERS,
    FOLDER_TABLES
    + """
    insert into folders select n, nullif(n - 1, 0), 'f' || n from generate_series(1, 220) as n;
    update folders set parent_id = null where id = 201;
    insert into documents select 1000 + n, n, 'd' || n from generate_series(1, 220, 7) as n;
    insert into documents values (1999, 200, 'deepest');
    """,
    batch_rows=30,
)

TWO_PARENTS_OF_ITS_OWN = Shape(
    "below itself by two columns",
    [
        Level("projects", at("projects")),
        Level(
            "tasks",
            at("tasks"),
            edges=[Edge("projects", "project_id"), Edge("tasks", "parent_id"), Edge("tasks", "group_id")],
        ),
        Level("hours", at("hours"), edges=[Edge("tasks", "task_id")]),
    ],
    """
    create table projects (id serial primary key, mark text);
    create table tasks (
        id serial primary key, project_id integer references projects, parent_id integer references tasks,
        group_id integer references tasks, mark text
    );
    create index on tasks (project_id);
    create index on tasks (parent_id);
    create index on tasks (group_id);
    create table hours (id serial primary key, task_id integer not null references tasks, mark text);
    create index on hours (task_id);
    insert into projects values (1, 'p1'), (2, 'p2');
    insert into tasks values
    (11, 1, null, null, 'top'), (12, null, 11, null, 'by parent'), (13, null, null, 12, 'by group'),
    (14, null, 13, 11, 'by both'), (15, 1, 14, 14, 'by all'), (16, null, 17, 15, 'by group, its parent in another'),
    (17, 2, null, null, 'other'), (18, null, 17, null, 'below the other');
    insert into hours select 100 + id, id, 'h' || id from tasks;
    """,
)

SOFT_DELETED = Shape(
    "without what is marked as deleted",
    [
        Level("boards", at("boards"), filter="deleted_at is null"),
        Level("cards", at("cards"), edges=[Edge("boards", "board_id")], filter="s.deleted_at is null"),
        Level("checks", at("checks"), edges=[Edge("cards", "card_id")], filter="deleted_at is null or false"),
    ],
    """
    create table boards (id serial primary key, deleted_at timestamptz, mark text);
    create table cards (
        id serial primary key, board_id integer not null references boards, deleted_at timestamptz, mark text
    );
    create index on cards (board_id);
    create table checks (
        id serial primary key, card_id integer not null references cards, deleted_at timestamptz, mark text
    );
    create index on checks (card_id);
    insert into boards values (1, null, 'b1'), (2, null, 'b2');
    insert into cards values
    (11, 1, null, 'c1'), (12, 1, now(), 'deleted 1'), (13, 1, null, 'c3'), (14, 2, null, 'c4'),
    (15, 1, now(), 'deleted 2');
    insert into checks values
    (21, 11, null, 'k1'), (22, 11, now(), 'deleted 3'), (23, 12, null, 'below a deleted one'),
    (24, 13, now(), 'deleted 4'), (25, 14, null, 'k5');
    """,
)

THREADS_WITHOUT_DELETED = Shape(
    "threads that end where one is deleted",
    [
        Level("folders", at("folders"), edges=[Edge("folders", "parent_id")], filter="not deleted"),
        Level("documents", at("documents"), edges=[Edge("folders", "folder_id")]),
    ],
    """
    create table folders (
        id serial primary key, parent_id integer references folders, deleted boolean default false, mark text
    );
    create index on folders (parent_id);
    create table documents (id serial primary key, folder_id integer not null references folders, mark text);
    create index on documents (folder_id);
    insert into folders values
    (1, null, false, 'root'), (2, 1, false, 'a'), (3, 1, true, 'deleted'), (4, 3, false, 'below a deleted one'),
    (5, 4, false, 'deeper'), (6, 2, false, 'b'), (7, null, false, 'other');
    insert into documents select 10 + id, id, 'd' || id from folders;
    """,
)

NOTHING_BELOW = Shape(
    "nothing below the root",
    COMMENTS.graph,
    COMMENTS.tables + "insert into posts values (3, 'alone');",
    root=3,
)

DIAMOND = Shape(
    "reached by ways of different lengths",
    [
        Level("plans", at("plans")),
        Level("phases", at("phases"), edges=[Edge("plans", "plan_id")]),
        Level("steps", at("steps"), edges=[Edge("phases", "phase_id"), Edge("plans", "plan_id")]),
        Level(
            "files",
            at("files"),
            edges=[Edge("plans", "plan_id"), Edge("steps", "step_id"), Edge("phases", "phase_id")],
            references=[Reference(["step_id"], "steps")],
            orig="orig_id",
        ),
    ],
    """
    create table plans (id serial primary key, mark text);
    create table phases (id serial primary key, plan_id integer not null references plans, mark text);
    create index on phases (plan_id);
    create table steps (
        id serial primary key, phase_id integer references phases, plan_id integer references plans, mark text
    );
    create index on steps (phase_id);
    create index on steps (plan_id);
    create table files (
        id serial primary key, plan_id integer references plans, phase_id integer references phases,
        step_id integer references steps, orig_id integer
    );
    create index on files (plan_id);
    create index on files (phase_id);
    create index on files (step_id);
    insert into plans values (1, 'l1'), (2, 'l2');
    insert into phases values (11, 1, 'p1'), (12, 1, 'p2'), (13, 2, 'p3');
    insert into steps values (21, 11, null, 's1'), (22, 12, 1, 's2'), (23, null, 1, 's3'), (24, 13, 2, 's4');
    insert into files values
    (31, 1, null, null), (32, 1, 11, 21), (33, null, 12, null), (34, null, null, 23), (35, 2, 13, 24),
    (36, 2, null, 22), (37, null, null, 24);
    """,
)

DELEGATED = Shape(
    "owned by a pair of type and id",
    [
        Level("threads", at("threads")),
        Level("entries", at("entries"), edges=[Edge("threads", "thread_id")]),
        Level(
            "messages",
            at("messages"),
            edges=[Edge("entries", "body_id", kind="owned", condition="body_type = 'Message'")],
        ),
        Level("files", at("files"), edges=[Edge("entries", "body_id", kind="owned", condition="s.body_type = 'File'")]),
        Level("pictures", at("pictures"), key="id", edges=[Edge("files", "file_id")]),
    ],
    """
    create table threads (id serial primary key, mark text);
    create table messages (id serial primary key, mark text);
    create table files (id serial primary key, mark text);
    create table pictures (id serial primary key, file_id integer references files, mark text);
    create index on pictures (file_id);
    create table entries (
        id serial primary key, thread_id integer references threads, body_type text, body_id integer, mark text
    );
    create index on entries (thread_id);
    create index on entries (body_id);
    insert into threads values (1, 't1'), (2, 't2');
    insert into messages values (1, 'm1'), (2, 'm2'), (3, 'm3');
    insert into files values (1, 'f1'), (2, 'f2'), (3, 'f3'), (4, 'f4');
    insert into pictures select n, n, 'p' || n from generate_series(1, 4) as n;
    insert into entries values
    (11, 1, 'Message', 2, 'e1'), (12, 1, 'File', 1, 'e2'), (13, 1, 'File', 3, 'e3'), (14, 2, 'Message', 1, 'e4'),
    (15, 1, 'Link', 2, 'e5'), (16, 1, null, 4, 'e6'), (17, 2, 'File', 2, 'e7'), (18, 1, 'Message', 3, 'e8');
    """,
)

MUTUAL = Shape(
    "two levels below each other",
    [
        Level("rooms", at("rooms")),
        Level("boxes", at("boxes"), edges=[Edge("rooms", "room_id"), Edge("bags", "bag_id")]),
        Level("bags", at("bags"), edges=[Edge("boxes", "box_id"), Edge("rooms", "room_id")]),
        Level("things", at("things"), key=None, edges=[Edge("bags", "bag_id")]),
    ],
    """
    create table rooms (id serial primary key, mark text);
    create table boxes (id serial primary key, room_id integer references rooms, bag_id integer, mark text);
    create index on boxes (room_id);
    create index on boxes (bag_id);
    create table bags (
        id serial primary key, room_id integer references rooms, box_id integer references boxes, mark text
    );
    create index on bags (room_id);
    create index on bags (box_id);
    create table things (bag_id integer, n integer);
    create index on things (bag_id);
    insert into rooms values (1, 'r1'), (2, 'r2');
    insert into boxes values (11, 1, null, 'x1'), (12, null, 21, 'x2'), (13, null, 22, 'x3'), (14, 2, null, 'x4'),
    (15, null, 24, 'x5'), (16, null, 23, 'x6');
    insert into bags values (21, null, 11, 'g1'), (22, null, 12, 'g2'), (23, null, 13, 'g3'), (24, null, 14, 'g4'),
    (25, 1, 16, 'g5');
    alter table boxes add foreign key (bag_id) references bags;
    insert into things select 21 + n % 5, n % 3 from generate_series(1, 30) as n;
    """,
)

FILTERED_KEYLESS = Shape(
    "filtered edges and levels without keys",
    [
        Level("books", at("books")),
        Level(
            "notes",
            at("notes"),
            key=None,
            edges=[Edge("books", "book_id", condition="kind = 'a'")],
            filter="s.n > 0",
            references=[Reference(["to_id"], "books")],
        ),
        Level(
            "marks",
            at("marks"),
            edges=[Edge("books", "book_id", condition="kind = 'a'")],
            filter="n > 0",
            orig="orig_id",
        ),
    ],
    """
    create table books (id serial primary key, mark text);
    create table notes (book_id integer references books, kind text, n integer, to_id integer references books);
    create index on notes (book_id);
    create table marks (id serial primary key, book_id integer references books, kind text, n integer, orig_id integer);
    create index on marks (book_id);
    insert into books values (1, 'b1'), (2, 'b2');
    insert into notes
    select 1 + n % 2, case when n % 3 = 0 then 'b' else 'a' end, n % 4, 1 + n % 2 from generate_series(1, 40) as n;
    insert into marks
    select n, 1 + n % 2, case when n % 3 = 0 then 'b' else 'a' end, n % 4 from generate_series(1, 40) as n;
    """,
)

SHAPES = [
    SEVERAL_EDGES,
    NO_FOREIGN_KEY,
    POLYMORPHIC,
    OWNED,
    OWNED_THROUGH_JOIN,
    TWO_OWNERS,
    FRONT_PAGE,
    COMMENTS,
    FOLDER_IN_FOLDER,
    TOP_FOLDER,
    FOLDER_OF_ITS_OWN,
    FOLDERS_IN_A_CIRCLE,
    DEEP,
    TWO_PARENTS_OF_ITS_OWN,
    SOFT_DELETED,
    THREADS_WITHOUT_DELETED,
    NOTHING_BELOW,
    DIAMOND,
    DELEGATED,
    MUTUAL,
    FILTERED_KEYLESS,
]


@in_batches
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_rows_are_copied_once_however_they_are_reached(make: Make, shape: Shape, small: bool) -> None:
    conn = make(shape, shape.batch_rows if small else 5000)

    duplication, before = copy(conn, shape)

    discard(conn, shape, duplication, before)

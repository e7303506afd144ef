"""Two graphs copied in many batches, one with deferred columns and one with a level below itself, and moments."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import psycopg

from tests.support.calls import set_batch_rows, value, verify
from tests.support.faults import Client, Gate, stopped_at_boundary
from tests.support.graph import (
    Edge,
    Graph,
    Level,
    Reference,
    Snapshot,
    assert_copied,
    assert_nothing_new,
    expected_copy,
    register,
    snapshot,
)
from tests.support.waiting import eventually

BATCH_ROWS = 7
ROOT = 1


@dataclass(frozen=True)
class Source:
    """Tables with a tree to copy, its root is 1, and rows beside it."""

    tree: str
    graph: Graph
    tables: str


# Questions and answers refer to each other, and so do an exam and a question of it; questions name others by the way.
EXAM = Source(
    "exam",
    [
        Level("exams", "public.exams", references=[Reference(["hardest_id"], "questions")]),
        Level(
            "questions",
            "public.questions",
            edges=[Edge("exams", "exam_id")],
            references=[Reference(["answer_id"], "answers"), Reference(["after_id"], "questions")],
        ),
        Level("answers", "public.answers", edges=[Edge("questions", "question_id")], orig="orig_id"),
    ],
    """
    create table public.exams (id serial primary key, hardest_id integer, mark text);
    create table public.questions (
        id serial primary key, exam_id integer not null references public.exams, answer_id integer,
        after_id integer references public.questions, mark text
    );
    create index on public.questions (exam_id);
    create index on public.questions (after_id);
    create table public.answers (
        id serial primary key, question_id integer not null references public.questions, orig_id integer
    );
    create index on public.answers (question_id);
    insert into public.exams (id, mark) values (1, 'e1'), (2, 'e2');
    -- those of the other exam lie between
    insert into public.questions (id, exam_id, mark)
    select 100 + n, case when n % 4 = 0 then 2 else 1 end, 'q' || n from generate_series(1, 40) as n;
    insert into public.answers (id, question_id) select 198 + 2 * q.id % 100 + n, q.id
    from public.questions as q, generate_series(1, 2) as n;
    -- some of them rows of the other exam
    update public.questions set
        answer_id = case when id % 10 <> 9 then 200 + 2 * id % 100 end,
        after_id = case id % 3 when 0 then id + 1 when 1 then id - 1 end
    where id > 101;
    update public.exams set hardest_id = 120 + id;
    alter table public.exams add foreign key (hardest_id) references public.questions;
    alter table public.questions add foreign key (answer_id) references public.answers;
    create index on public.exams (hardest_id);
    create index on public.questions (answer_id);
    select setval(pg_get_serial_sequence('public.exams', 'id'), 1000),
        setval(pg_get_serial_sequence('public.questions', 'id'), 2000),
        setval(pg_get_serial_sequence('public.answers', 'id'), 3000);
    """,
)

# Folder 1 is in folder 90; below it are folders in five generations, the widest of more than a batch. A folder is in
# one with a higher key as often as not.
LIBRARY = Source(
    "library",
    [
        Level("folders", "public.folders", edges=[Edge("folders", "parent_id")]),
        Level("documents", "public.documents", edges=[Edge("folders", "folder_id")], orig="orig_id"),
    ],
    """
    create table public.folders (id serial primary key, parent_id integer references public.folders, mark text);
    create index on public.folders (parent_id);
    create table public.documents (
        id serial primary key, folder_id integer not null references public.folders, orig_id integer
    );
    create index on public.documents (folder_id);
    insert into public.folders values (90, null, 'top'), (91, 90, 'beside'), (1, 90, 'f1');
    insert into public.folders (id, parent_id, mark)
    select n, case when n % 7 = 0 then 91 when n <= 12 then 1 when n % 2 = 0 then n / 2 - 1 else n - 10 end, 'f' || n
    from generate_series(2, 50) as n;
    insert into public.documents (id, folder_id)
    select 100 * f.id + n, f.id from generate_series(1, 20) as n, public.folders as f
    where n <= case f.id when 32 then 20 else f.id % 4 end;
    select setval(pg_get_serial_sequence('public.folders', 'id'), 1000),
        setval(pg_get_serial_sequence('public.documents', 'id'), 10000);
    """,
)


@dataclass(frozen=True)
class Moment:
    """Where a session is stopped: just after it has written the row of `table` with a certain value."""

    source: Source
    table: str
    column: str
    value: object
    event: str = "after insert"
    between_batches: bool = False


def _linking(table: str, mark: str) -> Moment:
    return Moment(EXAM, table, "mark", mark, "after update")


# In the order in which they come.
RELINKING = {
    "inside the backfill of the root": _linking("public.exams", "e1"),
    "inside the first batch of a backfill": _linking("public.questions", "q2"),
    "between two batches of a backfill": replace(_linking("public.questions", "q2"), between_batches=True),
    "as the pieces of a backfill are marked": Moment(
        EXAM, "_duplication.pieces", "level", "backfill questions", "after delete"
    ),
    "inside a later batch of a backfill": _linking("public.questions", "q21"),
    "inside the last batch of a backfill": _linking("public.questions", "q38"),
}
DESCENDING = {
    "between two steps of planning a level below itself": Moment(
        LIBRARY, "_duplication.id_map", "orig_key", 12, between_batches=True
    ),
    "inside a step of planning a level below itself": Moment(LIBRARY, "_duplication.id_map", "orig_key", 39),
    "as the plan cuts pieces of what is below": Moment(LIBRARY, "_duplication.pieces", "level", "documents"),
    "inside the batch of the root": Moment(LIBRARY, "public.folders", "mark", "f1"),
    "between two batches of a level below itself": Moment(
        LIBRARY, "public.folders", "mark", "f12", between_batches=True
    ),
    "inside a later batch of a level below itself": Moment(LIBRARY, "public.folders", "mark", "f39"),
    "inside a batch of what is below": Moment(LIBRARY, "public.documents", "orig_id", 3220),
}
UNLINKING = {
    "inside a batch of unlinking": _linking("public.questions", "q21"),
    "between two batches of unlinking": replace(_linking("public.questions", "q21"), between_batches=True),
    "inside the last batch of unlinking": _linking("public.exams", "e1"),
}


def prepare(conn: psycopg.Connection, source: Source) -> Snapshot:
    """Make the source, and batches so small that it takes many; returns what the tables hold."""
    conn.execute(source.tables)
    register(conn, source.tree, source.graph)
    set_batch_rows(conn, BATCH_ROWS)
    return snapshot(conn, source.graph)


@dataclass(frozen=True)
class Victim:
    """A client that is in the middle of its work, and stopped there."""

    duplication: int
    backend: int
    client: Client
    let_go: Callable[[], object]


@contextlib.contextmanager
def stopped(
    conn: psycopg.Connection, moment: Moment, start: Callable[[str], Client], statement: str
) -> Iterator[Victim]:
    """Start a client that runs a statement, and hold it at the moment."""
    with contextlib.ExitStack() as held:
        gate = held.enter_context(Gate(conn.info.dsn, moment.table, moment.column, moment.value, moment.event))
        client = held.enter_context(start(statement))
        duplication = eventually(lambda: client.is_running() and last_duplication(conn), "the duplication")
        pids = gate.wait_for()
        let_go: Callable[[], object] = gate.open
        if moment.between_batches:
            boundary = held.enter_context(stopped_at_boundary(conn.info.dsn, duplication, gate))
            pids, let_go = boundary.pids, boundary.open
        yield Victim(duplication, pids[0], client, let_go)


def last_duplication(conn: psycopg.Connection) -> int | None:
    found = value(conn, "select max(id) from duplication.duplications")
    return None if found is None else int(found)


def copy_statement(source: Source) -> str:
    return f"call duplication.duplicate('{source.tree}', '{ROOT}')"


def assert_copied_exactly_once(conn: psycopg.Connection, source: Source, duplication: int, before: Snapshot) -> None:
    """The new rows are one copy, whatever was there is as it was, and plan, batches and copy agree."""
    assert value(conn, "select array_agg(id) from duplication.duplications") == [duplication]
    assert_copied(conn, source.graph, ROOT, before)
    assert verify(conn, duplication) == []
    rows = {level: copies.total() for level, copies in expected_copy(before, source.graph, ROOT).items()}
    assert value(conn, "select count(*) from _duplication.pieces") == 0
    for level, planned, done, copied, pieces, batches in conn.execute(
        """
        select p.level, p.rows_planned, p.rows_done, p.rows_copied,
            (select sum(b.last_piece - b.batch_no + 1) = max(b.last_piece) from _duplication.batches b
                where b.duplication_id = p.duplication_id and b.level = p.level),
            (select count(*) from _duplication.batches b
                where b.duplication_id = p.duplication_id and b.level = p.level)
        from duplication.progress p where p.duplication_id = %s order by p.ordinal
        """,
        (duplication,),
    ):
        of = level.removeprefix("backfill ")
        assert planned == done == rows[of], level
        assert copied <= rows[of] if of != level else copied == rows[of], level
        assert pieces, f"{level}: a piece was taken twice, or not at all"
        assert batches > 2 or rows[of] <= 2 * BATCH_ROWS, f"{level} is not copied in batches"


def assert_discarded(conn: psycopg.Connection, source: Source, duplication: int, before: Snapshot) -> None:
    conn.execute("call duplication.discard(%s)", (duplication,))
    assert value(conn, "select status from duplication.duplications where id = %s", duplication) == "discarded"
    assert_nothing_new(conn, source.graph, before)

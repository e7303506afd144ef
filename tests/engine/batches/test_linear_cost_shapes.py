"""What a batch touches does not grow either where a level is below itself, or is linked afterwards.

As in the tests of the plain tree: one tree, and one four times as big, each in a database of its own, compared by what
each stage has touched for each batch. Nothing has been analyzed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import psycopg
import pytest

from tests.support.aliases import NewDatabase
from tests.support.calls import copy_level, copy_levels_before, next_level, open_duplication, set_batch_rows, value
from tests.support.graph import Edge, Graph, Level, Reference, register
from tests.support.growth import Bill, growth
from tests.support.plans import rows_touched
from tests.support.statistics import Costs, measure

BATCH_ROWS = 30


@dataclass(frozen=True)
class Wide:
    """A graph, the level in which most rows are, and how to make that many of them below root 1."""

    name: str
    graph: Graph
    level: str
    tables: str
    rows: str
    count: int

    def __str__(self) -> str:
        return self.name


# Rows of a tree that nobody copies are there before, so that the indexes of small tables are as high as of larger ones.
FOLDERS = Wide(
    "folders in folders",
    [
        Level("folders", "public.folders", edges=[Edge("folders", "parent_id")]),
        Level("documents", "public.documents", edges=[Edge("folders", "folder_id")], orig="orig_id"),
    ],
    "folders",
    """
    create table public.folders (id serial primary key, parent_id integer references public.folders, mark text);
    create index on public.folders (parent_id);
    create table public.documents (
        id serial primary key, folder_id integer not null references public.folders, orig_id integer
    );
    create index on public.documents (folder_id);
    insert into public.folders values (1, null, 'root');
    insert into public.folders (id, parent_id)
    select n, case when n > 100001 then 100001 end from generate_series(100001, 101500) as n;
    insert into public.documents (id, folder_id) select n, n from generate_series(100001, 101500) as n;
    """,
    # ten to a folder
    """
    insert into public.folders (id, parent_id) select n, (n + 8) / 10 from generate_series(2, {count}) as n;
    insert into public.documents (id, folder_id) select n, n from generate_series(2, {count}) as n;
    select setval('public.folders_id_seq', 200000), setval('public.documents_id_seq', 200000);
    """,
    300,
)
LINKED = Wide(
    "in a circle, and linked afterwards, without provenance",
    [
        Level("exams", "public.exams"),
        Level(
            "questions",
            "public.questions",
            edges=[Edge("exams", "exam_id")],
            references=[Reference(["answer_id"], "answers"), Reference(["next_id"], "questions")],
        ),
        Level("answers", "public.answers", edges=[Edge("questions", "question_id")]),
    ],
    "backfill questions",
    """
    create table public.exams (id serial primary key);
    create table public.questions (
        id serial primary key, exam_id integer not null references public.exams, answer_id integer, next_id integer
    );
    create index on public.questions (exam_id);
    create index on public.questions (answer_id);
    create index on public.questions (next_id);
    create table public.answers (id serial primary key, question_id integer not null references public.questions);
    create index on public.answers (question_id);
    insert into public.exams values (1), (2);
    insert into public.questions select n, 2, n, n from generate_series(100001, 101500) as n;
    insert into public.answers select n, n from generate_series(100001, 101500) as n;
    """,
    """
    insert into public.questions select n, 1, n, 2 + n * 7 % ({count} - 1) from generate_series(2, {count}) as n;
    insert into public.answers select n, n from generate_series(2, {count}) as n;
    alter table public.questions add foreign key (answer_id) references public.answers,
        add foreign key (next_id) references public.questions;
    select setval('public.exams_id_seq', 200000), setval('public.questions_id_seq', 200000),
        setval('public.answers_id_seq', 200000);
    """,
    240,
)

LINKED_WITH_ORIGINALS = replace(
    LINKED,
    name="in a circle, and linked afterwards",
    graph=[level if level.name == "exams" else replace(level, orig="orig_id") for level in LINKED.graph],
    tables=LINKED.tables + "alter table public.questions add orig_id integer;"
    "alter table public.answers add orig_id integer;",
)


def prepare(conn: psycopg.Connection, wide: Wide, times: int) -> int:
    """Fill the tables, in a session that is not the one that copies; returns an open duplication."""
    with psycopg.connect(conn.info.dsn, autocommit=True) as other:
        other.execute(wide.tables)
        other.execute(wide.rows.replace("{count}", str(wide.count * times)))
        register(other, "wide", wide.graph)
        set_batch_rows(other, BATCH_ROWS)
        return open_duplication(other, 1, "wide")


def bill(conn: psycopg.Connection, wide: Wide, times: int) -> Bill:
    """What each level, the planning with the first, and discarding have cost."""
    duplication = prepare(conn, wide, times)
    stages: dict[str, Costs] = {}
    while (level := next_level(conn, duplication)) is not None:
        stages[level] = measure(conn, partial(copy_level, conn, duplication, level))
    batches = value(
        conn,
        "select count(*) from _duplication.batches where duplication_id = %s and level = %s",
        duplication,
        wide.level,
    )
    stages["discard"] = measure(conn, lambda: conn.execute("call duplication.discard(%s)", (duplication,)))
    return Bill(batches, stages)


# Without provenance, discarding a level that others refer to reads its part of the map for each batch.
@pytest.mark.parametrize("wide", [FOLDERS, LINKED_WITH_ORIGINALS], ids=str)
def test_cost_is_linear_without_statistics(new_database: NewDatabase, wide: Wide) -> None:
    few, many = bill(new_database(), wide, 1), bill(new_database(), wide, 4)

    assert many.batches >= 3.5 * few.batches
    # a step of planning takes as many rows as a parent has, so that its calls are not alike
    planning = next(iter(few.stages))
    assert [line for line in growth(few, many) if not (line.startswith(f"{planning}: ") and " a call" in line)] == []


@pytest.mark.parametrize("wide", [FOLDERS, LINKED_WITH_ORIGINALS, LINKED], ids=str)
def test_a_batch_passes_over_its_own_rows_only(new_database: NewDatabase, wide: Wide) -> None:
    """What each statement of a batch reads, or throws away, is no more in a tree four times as big."""

    def one(times: int) -> dict[str, float]:
        conn = new_database()
        duplication = prepare(conn, wide, times)
        if wide.level == "folders":
            copy_level(conn, duplication, "folders", budget="0")
            while value(conn, "select planned_at is null from _duplication.level_runs where level = 'folders'"):
                copy_level(conn, duplication, "folders", budget="0")
        copy_levels_before(conn, duplication, wide.level)
        for _ in range(2 * times):  # these lie behind it then
            copy_level(conn, duplication, wide.level, budget="0")
        return rows_touched(conn, lambda: [copy_level(conn, duplication, wide.level, budget="0") for _ in range(4)])

    few, many = one(1), one(4)

    written = "insert into public.folders" if wide is FOLDERS else "update public.questions"
    assert any(text.startswith(written) for text in few)
    assert [
        f"{few[text]:.0f} rows, then {many[text]:.0f}: {text}"
        for text in few
        if many.get(text, 0) > 1.15 * few[text] + 2
    ] == []

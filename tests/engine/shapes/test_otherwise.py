"""Some of the shapes, copied in other ways: from a copy, in one transaction, by several sessions."""

from __future__ import annotations

import psycopg
import pytest

from tests.engine.shapes import test_edges, test_keys, test_references
from tests.engine.shapes.conftest import Make
from tests.engine.shapes.shape import TREE, Shape, copy, discard, last_duplication
from tests.support.calls import copy_level, duplicate, next_level, open_duplication, value, verify
from tests.support.graph import assert_copied, snapshot
from tests.support.waiting import Background

SHAPES = [
    test_edges.SEVERAL_EDGES,
    test_edges.OWNED,
    test_edges.FOLDER_IN_FOLDER,
    test_edges.MUTUAL,
    test_keys.BASE_TABLE,
    test_keys.KEYLESS,
    test_keys.KEY_SHARING_CYCLE,
    test_references.CYCLE_OF_THREE,
    test_references.SELF_WITHOUT_NULL,
    test_references.TENANTS,
    test_references.ARRAYS,
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_copy_is_copied_as_its_source_was(make: Make, shape: Shape) -> None:
    conn = make(shape, shape.batch_rows)
    first, before = copy(conn, shape)
    copied = value(conn, "select new_root_key from duplication.duplications where id = %s", first)
    between = snapshot(conn, shape.graph)

    duplicate(conn, copied, TREE)

    second = last_duplication(conn)
    assert_copied(conn, shape.graph, copied, between)
    assert verify(conn, second) == []
    assert verify(conn, first) == []
    discard(conn, shape, second, between)
    discard(conn, shape, first, before)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_copy_in_one_transaction_is_the_same(make: Make, shape: Shape) -> None:
    conn = make(shape, shape.batch_rows)
    before = snapshot(conn, shape.graph)

    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read")
        conn.execute("select duplication.duplicate_atomically(%s, %s)", (TREE, str(shape.root)))

    assert_copied(conn, shape.graph, shape.root, before)
    duplication = last_duplication(conn)
    assert verify(conn, duplication) == []
    discard(conn, shape, duplication, before)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_preview_counts_the_rows_that_a_copy_adds(make: Make, shape: Shape) -> None:
    conn = make(shape)
    before = snapshot(conn, shape.graph)
    previewed = conn.execute(
        "select level, rows, conflicts from duplication.preview(%s, %s, true)", (TREE, str(shape.root))
    ).fetchall()

    copy(conn, shape)

    after = snapshot(conn, shape.graph)
    rows = {level: len(after[level]) - len(before[level]) for level in before}
    assert {level: count for level, count, _ in previewed if level in rows} == rows
    assert not any(conflicts for _, _, conflicts in previewed)


BIG = Shape(
    test_references.CYCLE_OF_THREE.name,
    test_references.CYCLE_OF_THREE.graph,
    test_references.CYCLE_OF_THREE.tables
    + """
    insert into chapters (id, book_id, mark) select n, 1, 'c' || n from generate_series(200, 260) as n;
    insert into pages (id, chapter_id, book_id, best_id, mark)
    select n, 200 + n % 61, 1, 1, 'p' || n from generate_series(400, 700) as n;
    update chapters set best_id = 400 + id * 7 % 300, page_id = 400 + id * 11 % 300 where id >= 200;
    """,
)


def help_along(dsn: str, duplication: int) -> None:
    """Do what is due, step by step, though others do as well."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        while (level := next_level(conn, duplication)) is not None:
            try:
                copy_level(conn, duplication, level, "0")
            except psycopg.Error as error:
                # somebody has finished the level meanwhile
                if error.sqlstate != "UD006":
                    raise


def test_several_sessions_copy_and_backfill_together(make: Make) -> None:
    conn = make(BIG, 7)
    before = snapshot(conn, BIG.graph)
    duplication = open_duplication(conn, BIG.root, TREE)

    for call in [Background(help_along, conn.info.dsn, duplication) for _ in range(3)]:
        call.result()

    assert_copied(conn, BIG.graph, BIG.root, before)
    assert verify(conn, duplication) == []
    discard(conn, BIG, duplication, before)

"""What a batch touches does not grow with the number of batches, whatever the statistics say: counted in buffers.

Each test duplicates a tree and one four times as big, each in a database of its own, and compares what planning,
copying and discarding have touched for each batch, and each statement inside them for each call.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import psycopg
import pytest

from tests.support.aliases import NewDatabase
from tests.support.calls import copy_level, copy_levels_before, duplicate, open_duplication, set_batch_rows
from tests.support.growth import Bill, Kind, bill, fill, growth
from tests.support.plans import rows_touched
from tests.support.statistics import Cost, inserts_into, measure

KIND = Kind(items=400, blocks=2)
KINDS = {
    "wide, one part with all items, each more than a batch": Kind(items=32, blocks=30, parts=1),
    "thin, as many items as blocks, with rows of other episodes between": Kind(items=400, blocks=1, episodes=3),
}


def analyze(conn: psycopg.Connection) -> None:
    conn.execute("analyze")


def analyze_another_duplication(conn: psycopg.Connection) -> None:
    """The engine's statistics are all about one duplication, and the tree's are of before."""
    set_batch_rows(conn, 20)
    with psycopg.connect(conn.info.dsn, autocommit=True) as other:
        duplicate(other, fill(conn, Kind(items=200, blocks=2)))
    analyze(conn)


def analyze_one_parent_with_everything(conn: psycopg.Connection) -> None:
    """For all the planner knows, any part has every item there is, and any item every block."""
    fill(conn, Kind(items=1000, blocks=1, parts=1))
    conn.execute("""
        delete from public.items where part_id <> (select max(id) from public.parts);
        delete from public.blocks;
        insert into public.blocks (item_id, title) select max(id), 'n' from public.items;
        insert into public.blocks (item_id, title) select item_id, 'n' from public.blocks, generate_series(1, 3000);
    """)
    analyze(conn)


# What was done before the tree was inserted; statistics are not gathered afterwards.
OLD_STATISTICS: dict[str, Callable[[psycopg.Connection], None]] = {
    "of tables that were empty": analyze,
    "of another duplication": analyze_another_duplication,
    "of one part that had all items, and one item that had all blocks": analyze_one_parent_with_everything,
}


def bills(new_database: NewDatabase, kind: Kind, before: Callable[[psycopg.Connection], None]) -> tuple[Bill, Bill]:
    """The cost of a tree of this kind, and of one four times as big."""

    def one(times: int) -> Bill:
        conn = new_database()
        before(conn)
        return bill(conn, fill(conn, kind.times(times)), kind.batch_rows)

    few, many = one(1), one(4)
    assert many.batches >= 3.5 * few.batches
    return few, many


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_cost_is_linear_without_statistics(new_database: NewDatabase, kind: Kind) -> None:
    assert growth(*bills(new_database, kind, lambda _: None)) == []


@pytest.mark.parametrize("before", OLD_STATISTICS.values(), ids=OLD_STATISTICS.keys())
def test_cost_is_linear_with_old_statistics(
    new_database: NewDatabase, before: Callable[[psycopg.Connection], None]
) -> None:
    # twice as big, both: the first step of planning, which takes few parents, is one of more
    assert growth(*bills(new_database, KIND.times(2), before)) == []


def test_cost_is_linear_with_fresh_statistics(new_database: NewDatabase) -> None:
    def one(times: int) -> Bill:
        conn = new_database()
        root = fill(conn, KIND.times(times))
        analyze(conn)
        return bill(conn, root, KIND.batch_rows, planned=lambda: analyze(conn))

    assert growth(one(1), one(4)) == []


def test_cost_is_linear_while_a_transaction_elsewhere_keeps_its_snapshot(new_database: NewDatabase) -> None:
    """What the engine has updated or deleted cannot be cleaned away then, and must not be read again and again."""

    def one(times: int) -> Bill:
        conn = new_database()
        root = fill(conn, Kind(items=400, blocks=2).times(times))
        with psycopg.connect(conn.info.dsn) as elsewhere:
            elsewhere.execute("set transaction isolation level repeatable read")
            elsewhere.execute("select count(*) from public.episodes")
            return bill(conn, root, batch_rows=20)

    assert growth(one(1), one(4)) == []


def test_a_batch_writes_its_own_rows_only(new_database: NewDatabase) -> None:
    conn = new_database()
    duplication = open_duplication(conn, fill(conn, KIND))
    set_batch_rows(conn, 20)
    copy_levels_before(conn, duplication, "blocks")
    copy_level(conn, duplication, "blocks", budget="0")

    cost = inserts_into(
        measure(conn, lambda: [copy_level(conn, duplication, "blocks", budget="0") for _ in range(10)]), "public.blocks"
    )

    assert cost == Cost(calls=10, rows=200, buffers=cost.buffers)


def test_a_batch_passes_over_its_own_rows_only(new_database: NewDatabase) -> None:
    """What each statement of a batch reads, or throws away, is no more in a tree four times as big."""

    def one(times: int) -> dict[str, float]:
        conn = new_database()
        duplication = open_duplication(conn, fill(conn, KIND.times(times)))
        set_batch_rows(conn, 20)

        def copy_batches(level: str, count: int = 6) -> None:
            for _ in range(count):
                copy_level(conn, duplication, level, budget="0")

        touched: dict[str, float] = {}
        for level in ("items", "blocks"):
            copy_levels_before(conn, duplication, level)
            copy_batches(level, 10 * times)  # these lie behind it then
            touched |= rows_touched(conn, partial(copy_batches, level))
        return touched

    few, many = one(1), one(4)

    assert any(text.startswith("insert into public.blocks") for text in few)
    assert [
        f"{few[text]:.0f} rows, then {many[text]:.0f}: {text}"
        for text in few
        if many.get(text, 0) > 1.15 * few[text] + 2
    ] == []

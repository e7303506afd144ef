"""Trees of one kind, with few batches and with many, and what a duplication of each costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import psycopg

from tests.support.calls import copy_level, open_duplication, set_batch_rows, value
from tests.support.statistics import Cost, Costs, measure


@dataclass(frozen=True)
class Kind:
    """Trees that differ only in the number of their items; of `episodes` trees whose rows lie between each other."""

    items: int
    blocks: int
    """Blocks of each item."""
    parts: int = 4
    episodes: int = 1
    batch_rows: int = 30

    def times(self, factor: int) -> Kind:
        return replace(self, items=self.items * factor)


def fill(conn: psycopg.Connection, kind: Kind) -> int:
    """Insert the trees, in a session that is not the one that copies, and return the root of one of them.

    A tree that nobody copies is there before, so that the indexes of small tables are as high as those of larger ones.
    """
    with psycopg.connect(conn.info.dsn, autocommit=True) as other:
        _insert(other, Kind(items=1000, blocks=1, parts=500))
        return _insert(other, kind)


def _insert(conn: psycopg.Connection, kind: Kind) -> int:
    """Insert trees, and return the root of one of them."""
    root = value(
        conn,
        """
        with added as (insert into public.episodes (title) select 'n' from generate_series(1, %s) returning id)
        select min(id) from added
        """,
        kind.episodes,
    )
    # one tree's rows lie together, those of several in turns
    order = "a.id, n" if kind.episodes == 1 else "n, a.id"
    for table, parent, above, count in (
        ("parts", "episode_id", "episodes", kind.parts),
        ("items", "part_id", "parts", kind.items // kind.parts),
        ("blocks", "item_id", "items", kind.blocks),
    ):
        conn.execute(
            f"""
            insert into public.{table} ({parent}, title, position)
            select a.id, 'n', n from generate_series(1, %s) n cross join public.{above} a
            where not exists (select from public.{table} x where x.{parent} = a.id) order by {order}
            """,
            (count,),
        )
    return int(root)


@dataclass(frozen=True)
class Bill:
    """What a duplication has cost, stage by stage, and how many batches of blocks it had."""

    batches: int
    stages: dict[str, Costs]

    def per_batch(self, stage: str) -> float:
        """The buffers that the call of a stage has touched."""
        return max(cost.buffers for text, cost in self.stages[stage].items() if text.startswith("call ")) / self.batches


def bill(conn: psycopg.Connection, root: int, batch_rows: int, planned: Callable[[], object] = lambda: None) -> Bill:
    """Plan a tree, then copy it in small batches, then discard the copy, and say what each of it has cost."""
    set_batch_rows(conn, batch_rows)
    duplication = open_duplication(conn, root)
    stages: dict[str, Costs] = {}
    for level in ("episodes", "parts", "items", "blocks"):
        stages[level] = measure(conn, partial(copy_level, conn, duplication, level))
        if level == "episodes":
            planned()
    batches = value(
        conn, "select count(*) from _duplication.batches where duplication_id = %s and level = 'blocks'", duplication
    )
    stages["discard"] = measure(conn, lambda: conn.execute("call duplication.discard(%s)", (duplication,)))
    return Bill(batches, stages)


def growth(few: Bill, many: Bill) -> list[str]:
    """The stages, and the statements inside them, that cost more for each batch or call when there are more batches.

    Buffers are no matter of chance. What is let pass is a page more, and steps of planning that take a few more rows. A
    step takes all children of its parents, and these have more of them here: what planning costs is seen by the batch.
    """
    found = []
    for stage, costs in many.stages.items():
        before, after = few.per_batch(stage), many.per_batch(stage)
        if after > before * 1.15:
            found.append(f"{stage}: {before:.0f} buffers a batch, then {after:.0f}")
        for text, cost in costs.items():
            earlier = few.stages[stage].get(text)
            if "plan_edge(" in text or "plan_rows(" in text:
                continue
            if earlier and earlier.calls >= 10 and _per_call(cost) > _per_call(earlier) * 1.15 + 2:
                found.append(f"{stage}: {_per_call(earlier):.1f} buffers a call, then {_per_call(cost):.1f}: {text}")
    return found


def _per_call(cost: Cost) -> float:
    return cost.buffers / cost.calls

"""What the application does meanwhile: rows added, deleted and moved during planning and copying."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import psycopg
import pytest

from tests.support import oracle
from tests.support.calls import finish, open_duplication, set_batch_rows, verify
from tests.support.content import make_episode
from tests.support.faults import Gate
from tests.support.waiting import Background


class Source(NamedTuple):
    """An episode of 6 parts of 3 items of 2 blocks, by the ids of some of its rows.

    Batches of 3 rows make the planning of its items three steps: the first part, four parts, the last part.
    """

    episode: int
    first_part: int
    middle_part: int
    last_part: int
    first_item: int
    middle_item: int
    last_item: int
    first_block: int
    middle_block: int
    last_block: int


# What the application does. First rows are planned and copied before, last rows after the moment at which it does it.
CHANGES = {
    "a part added": "insert into parts (episode_id, title) values ({episode}, 'added')",
    "an item added to the last part": "insert into items (part_id, title) values ({last_part}, 'added')",
    "a block added to the first item": "insert into blocks (item_id, title) values ({first_item}, 'added')",
    "a block added to the last item": "insert into blocks (item_id, title) values ({last_item}, 'added')",
    "the first part deleted": "delete from parts where id = {first_part}",
    "the last part deleted": "delete from parts where id = {last_part}",
    "all parts deleted": "delete from parts where episode_id = {episode}",
    "the first item deleted": "delete from items where id = {first_item}",
    "a middle item deleted": "delete from items where id = {middle_item}",
    "the last item deleted": "delete from items where id = {last_item}",
    "the first block deleted": "delete from blocks where id = {first_block}",
    "the last block deleted": "delete from blocks where id = {last_block}",
    "the first item moved to the last part": "update items set part_id = {last_part} where id = {first_item}",
    "the last item moved to the first part": "update items set part_id = {first_part} where id = {last_item}",
    "the first block moved to the last item": "update blocks set item_id = {last_item} where id = {first_block}",
    "the last block moved to the first item": "update blocks set item_id = {first_item} where id = {last_block}",
    "an item moved to a part added": """
        with added as (insert into parts (episode_id, title) values ({episode}, 'added') returning id)
        update items set part_id = added.id from added where items.id = {last_item}
    """,
    "a part moved to another episode": """
        with added as (insert into episodes (title) values ('another') returning id)
        update parts set episode_id = added.id from added where parts.id = {last_part}
    """,
    "an item moved to another episode": """
        with added as (insert into episodes (title) values ('another') returning id),
        part as (insert into parts (episode_id, title) select id, 'another' from added returning id)
        update items set part_id = part.id from part where items.id = {last_item}
    """,
    "a title changed": "update blocks set title = 'changed' where id in ({first_block}, {middle_block}, {last_block})",
    "blocks replaced": """
        with gone as (delete from blocks where item_id = {middle_item} returning item_id)
        insert into blocks (item_id, title) select item_id, 'added' from gone
    """,
}

# Where the engine is held meanwhile: at a row of a table that stands for a source row.
STAGES: dict[str, Callable[[Source], tuple[str, str, object]]] = {
    "planning parts": lambda s: ("_duplication.id_map", "orig_key", s.middle_part),
    "planning items": lambda s: ("_duplication.id_map", "orig_key", s.middle_item),
    "copying the root": lambda s: ("public.episodes", "orig_id", s.episode),
    "copying parts": lambda s: ("public.parts", "orig_id", s.middle_part),
    "copying items": lambda s: ("public.items", "orig_id", s.middle_item),
    "copying blocks": lambda s: ("public.blocks", "orig_id", s.middle_block),
}


@pytest.fixture
def source(shared: psycopg.Connection) -> Source:
    set_batch_rows(shared, 3)
    root = make_episode(shared, parts=6, items=3, blocks=2)
    levels = oracle.content(shared, root)
    keys = [[int(row.key) for row in level] for level in levels[1:]]
    return Source(root, *(k for level in keys for k in (level[0], level[len(level) // 2], level[-1])))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES.keys())
def test_a_change_meanwhile_hurts_nothing_and_is_named(
    shared: psycopg.Connection,
    source: Source,
    stage: Callable[[Source], tuple[str, str, object]],
    change: str,
) -> None:
    before = oracle.content(shared, source.episode)
    duplication = open_duplication(shared, source.episode)
    dsn = shared.info.dsn
    with Gate(dsn, *stage(source)) as gate, psycopg.connect(dsn, autocommit=True) as worker:
        copying = Background(finish, worker, duplication)
        gate.wait_for()
        shared.execute(change.format(**source._asdict()))
        fingerprint = oracle.source_fingerprint(shared, source.episode)
        gate.open()
        copy = copying.result()
        gate.remove()
    after = oracle.content(shared, source.episode)

    assert oracle.source_fingerprint(shared, source.episode) == fingerprint
    differences = {(d.table.removeprefix("public."), d.orig) for d in oracle.differences(shared, copy, source.episode)}
    assert not differences & untouched_rows(before, after)
    assert {(row[0], row[1]) for row in verify(shared, duplication)} == differences


NAMES = ("episodes", "parts", "items", "blocks")
Key = tuple[str, str]


def untouched_rows(before: Sequence[oracle.Content], after: Sequence[oracle.Content]) -> set[Key]:
    """The rows that are as they were, and where they were, up to the root."""
    found: set[Key] = set()
    above: set[str | None] = {None}
    for name, rows, rows_after in zip(NAMES, before, after, strict=True):
        kept = [row for row in rows if row in set(rows_after) and row.parent in above]
        found |= {(name, row.key) for row in kept}
        above = {row.key for row in kept}
    return found

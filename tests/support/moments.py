"""The moments at which a test strikes: inside a batch and between two, while planning and while copying."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg

from tests.support.calls import set_batch_rows
from tests.support.content import make_episode
from tests.support.faults import Client, Gate, stopped_at_boundary
from tests.support.waiting import eventually

BATCH_ROWS = 7
SHAPE = [[5, 0, 3], [1, 20], [], [2, 2, 2, 2], [4]]


@dataclass(frozen=True)
class Moment:
    """Where the engine is stopped: at the row of `table` that stands for one source row of `content`."""

    table: str
    column: str
    content: str
    position: float = 0
    """How far into the rows of `content`, from 0 to 1."""
    between_batches: bool = False

    def gate(self, conn: psycopg.Connection) -> Gate:
        if self.column == "level":
            return Gate(conn.info.dsn, self.table, self.column, self.content, "after update or delete")
        keys = [
            row[0] for row in conn.execute(f"select id from public.{self.content} where orig_id is null order by id")
        ]
        return Gate(conn.info.dsn, self.table, self.column, keys[int(self.position * (len(keys) - 1))])


# In the order in which they come.
MOMENTS = {
    "between two steps of planning": Moment("_duplication.id_map", "orig_key", "parts", 0.5, between_batches=True),
    "inside a step of planning": Moment("_duplication.id_map", "orig_key", "items", 0.6),
    "inside the root's batch": Moment("public.episodes", "orig_id", "episodes"),
    "inside a batch of parts": Moment("public.parts", "orig_id", "parts", 0.5),
    "between two batches of items": Moment("public.items", "orig_id", "items", between_batches=True),
    "as the pieces of a batch are marked": Moment("_duplication.pieces", "level", "blocks"),
    "inside the first batch of blocks": Moment("public.blocks", "orig_id", "blocks"),
    "between two batches of blocks": Moment("public.blocks", "orig_id", "blocks", 0.4, between_batches=True),
    "inside a later batch of blocks": Moment("public.blocks", "orig_id", "blocks", 0.7),
    "inside the last batch of blocks": Moment("public.blocks", "orig_id", "blocks", 1),
}


@dataclass(frozen=True)
class Victim:
    """A client that is in the middle of a duplication, and stopped there."""

    source: int
    duplication: int
    backend: int
    client: Client
    let_go: Callable[[], object]


def prepare(conn: psycopg.Connection) -> int:
    """A source episode, and batches so small that it takes many."""
    set_batch_rows(conn, BATCH_ROWS)
    return make_episode(conn, shape=SHAPE)


@contextlib.contextmanager
def stopped(
    conn: psycopg.Connection, moment: Moment, start: Callable[[str], Client], source: int | None = None
) -> Iterator[Victim]:
    """Start a client that duplicates a source, and hold it at the moment."""
    source = prepare(conn) if source is None else source
    with contextlib.ExitStack() as held:
        gate = held.enter_context(moment.gate(conn))
        client = held.enter_context(start(f"call duplication.duplicate('episode', '{source}')"))
        duplication = eventually(lambda: client.is_running() and _duplication(conn, source), "the duplication")
        pids = gate.wait_for()
        let_go: Callable[[], object] = gate.open
        if moment.between_batches:
            boundary = held.enter_context(stopped_at_boundary(conn.info.dsn, duplication, gate))
            pids, let_go = boundary.pids, boundary.open
        yield Victim(source, duplication, pids[0], client, let_go)


def _duplication(conn: psycopg.Connection, source: int) -> int | None:
    row = conn.execute("select id from duplication.duplications where root_key = %s", (str(source),)).fetchone()
    return None if row is None else row[0]

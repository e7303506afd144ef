"""Faults of the database server: it crashes, is away, is full, has no room for another session, tells another time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import psycopg

from tests.faults.farm import Farm
from tests.support.faults import Gate
from tests.support.waiting import eventually


def crash_and_restart(farm: Farm) -> None:
    farm.server.crash()
    farm.server.start()


@contextlib.contextmanager
def held_at(farm: Farm, table: str, column: str, key: object, event: str = "after insert") -> Iterator[Gate]:
    """Have a worker stand in the middle of a transaction while the block begins."""
    lock_timeout = farm.ask("select lock_timeout from duplication.settings")
    with Gate(farm.dsn, table, column, key, event) as gate:
        gate.wait_for()
        yield gate
    farm.tell("update duplication.settings set lock_timeout = %s", lock_timeout)
    farm.tell(f"drop trigger gate_{gate.key} on {table}")


def last_block(farm: Farm) -> object:
    """The block of the victim that is copied last."""
    return farm.ask(
        """
        select max(b.id) from public.blocks as b
        inner join public.items as i on i.id = b.item_id
        inner join public.parts as p on p.id = i.part_id
        where p.episode_id = %s
        """,
        farm.victim,
    )


def server_crashes_in_a_batch(farm: Farm) -> None:
    """`pg_ctl stop -m immediate` while a batch runs: the batch is undone, and copied once after the restart."""
    with held_at(farm, "public.blocks", "orig_id", last_block(farm)):
        crash_and_restart(farm)


def server_crashes_in_planning(farm: Farm) -> None:
    """The same while a step of planning runs: planning goes on where the last committed step left it."""
    with held_at(farm, "_duplication.pieces", "level", "blocks"):
        crash_and_restart(farm)


def server_crashes_in_a_discard(farm: Farm) -> None:
    """The same while a discard deletes a batch of a cancelled copy: after the restart the discard is finished."""
    farm.tell("update duplication.settings set discard_cancelled_after = '0 s'")
    block = farm.ask("select min(id) from public.blocks where orig_id is not null and orig_id < %s", last_block(farm))
    copied = farm.ask("select orig_id from public.blocks where id = %s", block)
    with farm.session() as conn:
        conn.execute("select duplication.cancel(%s)", (farm.aimed_at,))
    with held_at(farm, "public.blocks", "orig_id", copied, "before delete"):
        crash_and_restart(farm)
    eventually(lambda: farm.statuses()[farm.aimed_at] == "discarded", "it is discarded", 60)


def server_crashes_any_time(farm: Farm) -> None:
    """The same at any moment, whatever the workers are doing."""
    crash_and_restart(farm)


def server_away(farm: Farm) -> None:
    """There is no server for half a minute: the workers say so once, wait, and go on by themselves."""
    farm.server.crash()
    time.sleep(farm.away_seconds)
    farm.server.start()


def statement_timeout(farm: Farm) -> None:
    """A `statement_timeout` is shorter than a call's budget: calls return before it, and no failure is counted."""
    name = farm.ask("select current_database()")
    farm.tell(f"alter database {name} set statement_timeout = '1 s'")
    backends_cut = farm.backends()
    with farm.session() as conn:
        for pid in backends_cut:
            conn.execute("select pg_terminate_backend(%s)", (pid,))
    farm.wait_for_the_end()
    farm.tell(f"alter database {name} reset statement_timeout")
    cancelled = farm.ask("select count(*) from _duplication.attempts where error ->> 'sqlstate' = '57014'")
    assert cancelled == 0, "calls return before they are cancelled"


def no_connection_to_be_had(farm: Farm) -> None:
    """Others take all of `max_connections` for ten seconds, just when the workers have lost their sessions."""
    with contextlib.ExitStack() as stack:
        with farm.session() as conn:
            for pid in farm.backends():
                conn.execute("select pg_terminate_backend(%s)", (pid,))
        end = time.monotonic() + min(10.0, farm.away_seconds)
        refused = False
        while time.monotonic() < end:
            try:
                stack.enter_context(psycopg.connect(farm.dsn))
            except psycopg.OperationalError:
                refused = True
                time.sleep(0.01)
        assert refused, "the server had room for more"


def disk_full(farm: Farm) -> None:
    """The tablespace of a level is full: its jobs wait and are tried again, and are done when there is room."""
    filler = farm.home / "full" / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    full = "select count(*) from _duplication.attempts where error ->> 'sqlstate' = '53100'"
    eventually(lambda: farm.ask(full), "the disk is full", 60)
    filler.unlink()


def clock_moved_back(farm: Farm) -> None:
    """The server's clock goes back an hour while jobs run and wait: no wait, lease or budget lasts an hour longer."""
    (farm.home / "clock").write_text("-3600\n")
    farm.wait_for_the_end()
    attempts = farm.ask("select count(*) from _duplication.attempts")
    assert isinstance(attempts, int)
    levels = 4 * len(farm.duplications)
    assert attempts < 6 * levels, f"{attempts} deliveries for {levels} jobs: they are sent again and again"

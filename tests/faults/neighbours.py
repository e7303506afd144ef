"""Faults of those who use the same rows: locks, deadlocks, deletes, moves, new columns, other orders."""

from __future__ import annotations

import contextlib
import time

import psycopg

from tests.faults.farm import PATIENCE_SECONDS, Farm
from tests.faults.servers import held_at
from tests.support.calls import value
from tests.support.waiting import Background, eventually

VICTIMS_ITEM = """
select i.id from public.items as i inner join public.parts as p on p.id = i.part_id
where p.episode_id = {victim} order by i.id desc limit 1
"""


def deadlock(farm: Farm) -> None:
    """A batch and an application wait for each other. The batch is undone, and copied at the next try."""
    item, before = (farm.ask(VICTIMS_ITEM.format(victim=farm.victim) + f" offset {number}", *()) for number in range(2))
    first = farm.ask("select max(id) from public.blocks where item_id = %s", before)
    with psycopg.connect(farm.dsn) as application:
        # in one batch with it are blocks of the last item, whose rows come later
        with held_at(farm, "public.blocks", "orig_id", first) as gate:
            copies = "select max(id) from public.items where orig_id = %s"
            held, wanted = value(application, copies, before), value(application, copies, item)
            # whose wait began first would be the victim; that it is the application is no news
            application.execute("set deadlock_timeout = '1 min'")
            lock = "select from public.items where id = %s for update"
            application.execute(lock, (wanted,))
            waiting = Background(application.execute, lock, (held,))
            gate.open()
            assert waiting.error() is None, "the application goes on"
        application.rollback()


def table_locked(farm: Farm) -> None:
    """ACCESS EXCLUSIVE on a source table for a minute. Batches give up soon, hold up nobody, and are tried again."""
    with farm.session() as conn, conn.transaction():
        conn.execute("set local lock_timeout = '20 s'")
        conn.execute("lock table public.blocks in access exclusive mode")
        time.sleep(farm.locked_seconds)


def referenced_row_locked(farm: Farm) -> None:
    """FOR UPDATE for a minute on a row that copied rows refer to. That copy waits; the others are finished."""
    key = farm.ask("select max(id) from public.items where orig_id is not null")
    with farm.session() as conn, conn.transaction():
        conn.execute("set local lock_timeout = '20 s'")
        conn.execute("select from public.items where id = %s for update", (key,))
        time.sleep(farm.locked_seconds)


def source_row_deleted(farm: Farm) -> None:
    """An item of the source is deleted before it is copied, with everything below it. The copy is made without it."""
    farm.change_source(f"delete from public.items where id = ({VICTIMS_ITEM.format(victim=farm.victim)})")


def source_row_moved(farm: Farm) -> None:
    """An item of the source gets another parent. It is in the copy once, below one of the two, and `verify` says so."""
    farm.change_source(f"""
        update public.items set part_id = (select min(id) from public.parts where episode_id = {farm.victim})
        where id = ({VICTIMS_ITEM.format(victim=farm.victim)})
    """)


def column_added(farm: Farm) -> None:
    """The copy fails and names the column, rather than being made without it. After a retry it goes on."""
    change_columns(farm, "alter table public.blocks add remark text")


def column_dropped(farm: Farm) -> None:
    """The same with a column that is dropped."""
    change_columns(farm, "alter table public.blocks drop title")


def change_columns(farm: Farm, statement: str) -> None:
    farm.change_source("set local lock_timeout = '20 s'", statement)
    failed = "select coalesce(array_agg(id), '{}') from duplication.duplications where status = 'failed'"
    eventually(lambda: farm.ask(failed) or farm.are_over(), "they are refused", PATIENCE_SECONDS)
    farm.wait_for_the_end()
    codes = farm.ask(
        "select array_agg(distinct error ->> 'sqlstate') from duplication.duplications where error is not null"
    )
    assert codes == ["UD012"], codes
    farm.tell("select duplication.retry(id) from duplication.duplications where status = 'failed'")


def root_deleted(farm: Farm) -> None:
    """The whole source is deleted. The copy fails and says so, and can be discarded."""
    farm.change_source(f"delete from public.episodes where id = {farm.victim}")


def new_root_deleted(farm: Farm) -> None:
    """Somebody deletes the unfinished copy. The duplication fails and says so, and no other root is made."""
    farm.tell(f"delete from public.episodes where orig_id = {farm.victim}")


def flag_switched(farm: Farm) -> None:
    """Copying is switched off for some seconds, and nobody copies. It is switched on again, and all copies go on."""
    farm.tell("update duplication.settings set enabled = false, disabled_wait = '2 s'")
    open_attempts = "select count(*) from _duplication.attempts where ended_at is null"
    eventually(lambda: farm.ask(open_attempts) == 0, "nobody is at work", 60)
    before = farm.batches()
    time.sleep(min(5.0, farm.away_seconds))
    assert farm.batches() == before, "nothing is copied while it is off"
    farm.tell("update duplication.settings set enabled = true")


def cancels_race_completion(farm: Farm) -> None:
    """Each copy is cancelled when its last level is nearly done. One of the two wins, and the status says which."""
    nearly = """
        select r.duplication_id from _duplication.level_runs as r
        inner join duplication.duplications as d on d.id = r.duplication_id
        where r.level = 'blocks' and r.started_at is not null and d.status = 'in_progress'
    """
    while not farm.are_over():
        with farm.session() as conn:
            for (duplication,) in conn.execute(nearly).fetchall():
                time.sleep(farm.random.random() / 10)
                with contextlib.suppress(psycopg.Error):
                    conn.execute("select duplication.cancel(%s)", (duplication,))


def discards_race_workers(farm: Farm) -> None:
    """Copies at work are cancelled and discarded at once. A running batch ends first, and is deleted with the rest."""
    with farm.session() as conn:
        for duplication in farm.duplications[:3]:
            with contextlib.suppress(psycopg.Error):
                conn.execute("select duplication.cancel(%s)", (duplication,))
                conn.execute("call duplication.discard(%s)", (duplication,))
    left = farm.ask(
        """
        select count(*) from public.episodes as e inner join duplication.duplications as d
        on d.new_root_key = e.id::text and d.status = 'discarded'
        """
    )
    assert left == 0, "what is discarded is gone"

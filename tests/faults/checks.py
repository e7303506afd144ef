"""What has to be true whatever happened: asked of the database, past the engine where that is possible."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from tests.faults.farm import LEVELS, Farm
from tests.support.calls import value, verify
from tests.support.waiting import eventually

PARENTS = {"parts": ("episodes", "episode_id"), "items": ("parts", "part_id"), "blocks": ("items", "item_id")}


@dataclass(frozen=True)
class Sources:
    """A digest of all source rows, level by level."""

    digests: dict[str, str]

    @classmethod
    def read(cls, farm: Farm) -> Sources:
        with farm.session() as conn:
            return cls({level: digest(conn, level) for level in LEVELS})


def digest(conn: psycopg.Connection, level: str) -> str:
    query = f"select coalesce(md5(string_agg(t::text, '|' order by id)), '') from public.{level} as t where orig_id is null"
    return str(value(conn, query))


def check_end(farm: Farm, before: Sources | None, *, differences: bool = False) -> None:
    """Fail unless every copy is whole or accounted for, nothing is doubled, and nobody is left at work.

    Parameters: before, the sources as they were, None where the fault changed them; differences, whether the fault
    did what `verify` has to name.
    """
    check_nobody_at_work(farm)
    with farm.session() as conn:
        check_statuses(conn)
        check_no_row_is_doubled(conn)
        check_every_row_is_accounted_for(conn)
        for duplication, status in farm.statuses().items():
            if status == "completed" and not differences:
                assert verify(conn, duplication) == [], f"duplication {duplication} differs from its source"
    if before is not None:
        assert Sources.read(farm) == before, "the sources are as they were"


def check_statuses(conn: psycopg.Connection) -> None:
    """Each is over, and one that failed says why."""
    silent = conn.execute("""
        select id, status, error from duplication.duplications
        where status not in ('completed', 'failed', 'cancelled', 'discarded')
           or status = 'failed' and coalesce(error ->> 'sqlstate', '') = ''
    """).fetchall()
    assert silent == [], "over, with a reason if it failed"


def check_no_row_is_doubled(conn: psycopg.Connection) -> None:
    """No row has two copies below one copy of its parent, and no root more copies than were asked for."""
    for level, (_, column) in PARENTS.items():
        doubled = conn.execute(
            f"select {column}, orig_id from public.{level} where orig_id is not null group by 1, 2 having count(*) > 1"
        ).fetchall()
        assert doubled == [], f"{level} copied twice"
    surplus = conn.execute("""
        select e.orig_id, count(*) from public.episodes as e
        where e.orig_id is not null
        group by e.orig_id
        having count(*) > (
            select count(*) from duplication.duplications as d
            where d.root_key = e.orig_id::text and d.status <> 'discarded'
        )
    """).fetchall()
    assert surplus == [], "as many copies of a root as were asked for"


def check_every_row_is_accounted_for(conn: psycopg.Connection) -> None:
    """Each copied row hangs below a copied row: nothing of a copy is anywhere else."""
    for level, (parent, column) in PARENTS.items():
        strays = conn.execute(f"""
            select c.id from public.{level} as c
            left join public.{parent} as p on p.id = c.{column}
            where c.orig_id is not null and p.orig_id is null
        """).fetchall()
        assert strays == [], f"{level} of a copy below something else"


def check_nobody_at_work(farm: Farm) -> None:
    """The workers are there, end when asked, and leave no job, lock or message behind."""
    assert [station.running.process.poll() for station in farm.stations] == [None, None], "both workers are there"
    with farm.session() as conn:
        open_attempts = "select count(*) from duplication.attempts where ended_at is null"
        eventually(lambda: value(conn, open_attempts) == 0, "no job is open")
        assert farm.stop() == [0, 0], "the workers end as asked"
        locks = """
            select count(*) from pg_locks
            where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
        """
        eventually(lambda: value(conn, locks) == 0, "no lock is held")
        eventually(lambda: not farm.backends(), "no session is left")
    for station in farm.stations:
        assert "Traceback" not in station.running.said, station.running.said[-3000:]

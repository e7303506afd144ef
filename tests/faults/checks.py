"""What has to be true whatever happened: asked of the database, past the engine where that is possible."""

from __future__ import annotations

import psycopg

from tests.faults.farm import Farm, read_digests
from tests.support.calls import value, verify
from tests.support.waiting import eventually

PARENTS = {"parts": ("episodes", "episode_id"), "items": ("parts", "part_id"), "blocks": ("items", "item_id")}


def check_end(farm: Farm, *, may_fail: bool, differs: bool) -> None:
    """Fail unless every copy is whole or accounted for, nothing is doubled, and nobody is left at work.

    Parameters: may_fail, whether copies may have ended otherwise than completed; differs, whether the fault did to the
    victim's source or copy what `verify` has to name.
    """
    check_nobody_at_work(farm)
    with farm.session() as conn:
        check_statuses(conn, may_fail=may_fail)
        check_no_row_is_doubled(conn)
        check_every_row_is_accounted_for(conn)
        for duplication, status in farm.statuses().items():
            if status == "completed" and not (differs and duplication == farm.aimed_at):
                assert verify(conn, duplication) == [], f"duplication {duplication} differs from its source"
        assert read_digests(conn) == farm.digests, "the sources are as they were"


def check_statuses(conn: psycopg.Connection, *, may_fail: bool) -> None:
    """Each is over, and one that failed says why."""
    found = conn.execute("select id, status, error from duplication.duplications order by id").fetchall()
    allowed = {"completed", "failed", "cancelled", "discarded"} if may_fail else {"completed"}
    assert [row for row in found if row[1] not in allowed] == []
    assert [row for row in found if row[1] == "failed" and not (row[2]["sqlstate"] and row[2]["message"])] == []


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
    """The workers are there, end when asked, and leave no job, session or lock behind."""
    assert [station.has_ended() for station in farm.stations] == [False, False], "both workers are there"
    open_attempts = "select count(*) from _duplication.attempts where ended_at is null"
    eventually(lambda: farm.ask(open_attempts) == 0, "no job is open")
    assert farm.stop() == [0, 0], "the workers end as asked"
    with farm.session() as conn:
        eventually(lambda: farm.is_pooled or not farm.backends(), "no session is left")
        locks = """
            select count(*) from pg_locks
            where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
        """
        assert value(conn, locks) == 0, "no lock is held"
    for station in farm.stations:
        assert "Traceback" not in station.running.said, station.running.said[-3000:]

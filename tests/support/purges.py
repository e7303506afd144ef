"""Duplications that are over and old, what is deleted of them, and what stays."""

from __future__ import annotations

import psycopg

from tests.support import oracle
from tests.support.calls import value

Copy = tuple[int, oracle.Fingerprint]
"""A duplication, and what its copy was when it was made."""


def purge(conn: psycopg.Connection, budget: str | None = None) -> bool:
    """Call purge once; returns whether nothing old is left."""
    return bool(value(conn, "call duplication.purge(%s::interval, null)", budget))


def purge_after(conn: psycopg.Connection, plans: str | None = "1 day", events: str | None = None) -> None:
    """What is to count as old."""
    conn.execute("update duplication.settings set purge_after = %s, purge_events_after = %s", (plans, events))


def make_older(conn: psycopg.Connection, duplication: int, by: str = "2 days") -> None:
    """As if all that is known of a duplication had happened that much earlier."""
    conn.execute(
        """
        update duplication.duplications set
            requested_at = requested_at - %(by)s::interval, started_at = started_at - %(by)s::interval,
            completed_at = completed_at - %(by)s::interval, failed_at = failed_at - %(by)s::interval,
            cancelled_at = cancelled_at - %(by)s::interval, discarding_at = discarding_at - %(by)s::interval,
            discarded_at = discarded_at - %(by)s::interval
        where id = %(id)s
        """,
        {"by": by, "id": duplication},
    )
    conn.execute(
        "update duplication.events set created_at = created_at - %s::interval where duplication_id = %s",
        (by, duplication),
    )


def rows_of_plan(conn: psycopg.Connection, duplication: int) -> int:
    """How many rows there are of what a purge deletes."""
    of_plan = """
        select
            (select count(*) from _duplication.id_map as m inner join _duplication.level_runs as r on r.id = m.run
                where r.duplication_id = d.id)
            + (select count(*) from _duplication.pieces as p where p.duplication_id = d.id)
            + (select count(*) from _duplication.batches as b where b.duplication_id = d.id)
        from duplication.duplications as d where d.id = %s
    """
    return int(value(conn, of_plan, duplication))


def figures(conn: psycopg.Connection, duplication: int) -> list[tuple[object, ...]]:
    """All that people see of a duplication."""
    return [
        *conn.execute(
            "select * from duplication.progress where duplication_id = %s order by ordinal", (duplication,)
        ).fetchall(),
        *conn.execute("select * from duplication.episode_duplications where id = %s", (duplication,)).fetchall(),
    ]


def new_root(conn: psycopg.Connection, duplication: int) -> object:
    return value(conn, "select new_root_key from duplication.duplications where id = %s", duplication)


def is_purged(conn: psycopg.Connection, duplication: int) -> bool:
    return bool(value(conn, "select purged_at is not null from duplication.duplications where id = %s", duplication))

"""What statements cost, as pg_stat_statements counts it: calls, rows and buffers, never time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import psycopg

T = TypeVar("T")


@dataclass(frozen=True)
class Cost:
    """What all calls of one statement have cost together."""

    calls: int
    rows: int
    buffers: int


Costs = dict[str, Cost]


def measure(conn: psycopg.Connection, work: Callable[[], T]) -> Costs:
    """The cost of every statement that the session runs meanwhile, those inside of routines too, by its text.

    A statement's buffers are those of the statements that it calls as well.
    """
    conn.execute("set pg_stat_statements.track = 'all'")
    conn.execute("select pg_stat_statements_reset()")
    work()
    conn.execute("set pg_stat_statements.track = 'none'")
    found = conn.execute(
        r"""
        select trim(regexp_replace(query, '\s+', ' ', 'g')), sum(calls)::bigint, sum(rows)::bigint,
            sum(shared_blks_hit + shared_blks_read)::bigint
        from pg_stat_statements
        where dbid = (select oid from pg_database where datname = current_database())
        group by 1
        """
    )
    return {row[0]: Cost(*row[1:]) for row in found}


def inserts_into(costs: Costs, table: str) -> Cost:
    """The INSERT statements among them that write to a table; of a prepared one the only row is their number."""
    insert = f"insert into {table} ("
    found = [
        cost
        for text, cost in costs.items()
        if text.startswith(insert) or (text.startswith("prepare ") and f"as with written as ({insert}" in text)
    ]
    return Cost(sum(c.calls for c in found), sum(c.rows for c in found), sum(c.buffers for c in found))

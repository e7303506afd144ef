"""Discarding a copy, and seeing that nothing of it is left."""

from __future__ import annotations

import psycopg

from tests.support import oracle
from tests.support.calls import status, value


def discard(conn: psycopg.Connection, duplication: int, budget: str | None = None) -> bool:
    """Call discard once; returns whether all of the copy is gone."""
    return bool(value(conn, "call duplication.discard(%s::bigint, %s::interval, null)", duplication, budget))


def copied(conn: psycopg.Connection) -> int:
    """How many rows there are that are copies."""
    tables = " union all ".join(f"select orig_id from {table.name}" for table in oracle.EPISODE)
    return int(value(conn, f"select count(orig_id) from ({tables}) as t"))


def assert_discarded(conn: psycopg.Connection, duplication: int, source: int, before: oracle.Fingerprint) -> None:
    """Nothing of the copy is left, and everything else is as it was."""
    assert status(conn, duplication) == "discarded"
    oracle.assert_no_other_rows(conn, [source])
    assert oracle.source_fingerprint(conn, source) == before

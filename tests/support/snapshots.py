"""Everything a database holds, to see that something has written nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

Snapshot = dict[str, tuple[int, str | None]]


def contents(conn: psycopg.Connection) -> Snapshot:
    """The number of rows of every table, the engine's and the content's, and a hash of what they say."""
    tables = conn.execute(
        """
        select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r' and n.nspname !~ '^(pg_|information_schema)' order by 1, 2
        """
    ).fetchall()
    union = sql.SQL(" union all ").join(
        sql.SQL("select {}, count(*), md5(string_agg(t::text, chr(10) order by t::text)) from {} t").format(
            sql.Literal(".".join(table)), sql.Identifier(*table)
        )
        for table in tables
    )
    return {row[0]: (row[1], row[2]) for row in conn.execute(union)}


@contextlib.contextmanager
def refused(conn: psycopg.Connection, sqlstate: str) -> Iterator[pytest.ExceptionInfo[psycopg.Error]]:
    """What happens inside is refused with an error of ours and a hint, and nothing is written."""
    before = contents(conn)
    with pytest.raises(psycopg.Error) as caught:
        yield caught
    assert caught.value.sqlstate == sqlstate, caught.value
    assert caught.value.diag.message_hint, "an error of ours has a hint"
    assert contents(conn) == before

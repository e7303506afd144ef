"""What a copy costs besides time: WAL, buffers, dead rows, long transactions, and memory."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from benchmarks.databases import read_peak_mb

SETTLE_SECONDS = 30
LOOK_SECONDS = 0.02
OTHERS = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
COUNTERS = """
    select pg_current_wal_lsn() - '0/0', blks_hit + blks_read
    from pg_stat_database
    where datname = current_database()
"""
DEAD = """
    select coalesce(sum(n_dead_tup) filter (where schemaname <> 'duplication'), 0),
        coalesce(sum(n_dead_tup) filter (where schemaname = 'duplication'), 0)
    from pg_stat_all_tables
    where schemaname in ('public', 'duplication')
"""
LONGEST_BATCH = "select extract(epoch from max(ended_at - started_at)) from _duplication.batches"
LONGEST_TRANSACTION = """
    select extract(epoch from max(clock_timestamp() - xact_start))
    from pg_stat_activity
    where datname = current_database() and application_name = any(%s)
"""


@dataclass(frozen=True, slots=True)
class Counters:
    """What the server counts: bytes of WAL, of the whole server, and buffers touched in one database."""

    wal: int
    buffers: int


def read_counters(dsn: str) -> Counters:
    """Return what the server has counted by now."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select pg_stat_force_next_flush()")
        row = connection.execute(COUNTERS).fetchone()
    assert row is not None
    return Counters(int(row[0]), int(row[1]))


def read_costs(dsn: str, before: Counters) -> dict[str, float]:
    """Return WAL (MB), buffers, dead rows of the content and of the engine, and the longest batch if there is any.

    A session tells what it has counted when it ends, so this waits until the others have.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        end = time.monotonic() + SETTLE_SECONDS
        while ask(connection, OTHERS) and time.monotonic() < end:
            time.sleep(LOOK_SECONDS)
        dead = connection.execute(DEAD).fetchone()
        longest = ask(connection, LONGEST_BATCH)
    after = read_counters(dsn)
    assert dead is not None
    costs = {
        "wal_mb": (after.wal - before.wal) / 2**20,
        "buffers": float(after.buffers - before.buffers),
        "dead_rows": float(dead[0]),
        "dead_rows_of_engine": float(dead[1]),
    }
    return costs | ({"longest_batch": longest} if longest is not None else {})


def ask(connection: psycopg.Connection, query: str, *parameters: object) -> float | None:
    """Return the one number that a query finds."""
    row = connection.execute(query.encode(), parameters or None).fetchone()
    return None if row is None or row[0] is None else float(row[0])


def process_peak_mb(pid: int) -> float | None:
    """Return the peak memory of a process that is still there, in megabytes; None where the kernel does not tell."""
    try:
        return read_peak_mb(Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return None


class TransactionSampler:
    """While its block lasts, looks fifty times a second for the oldest transaction of the copying sessions."""

    def __init__(self, dsn: str, *applications: str) -> None:
        self.longest = 0.0
        self._applications = list(applications)
        self._dsn = dsn
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            while not self._over.wait(LOOK_SECONDS):
                self.longest = max(self.longest, ask(connection, LONGEST_TRANSACTION, self._applications) or 0)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

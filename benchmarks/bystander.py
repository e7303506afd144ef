"""An application that goes on working: every few milliseconds it updates a row of the source, each in a transaction.

Usage: bystander.py DSN MILLISECONDS. Says "ready", begins when it is told anything, ends when its input does, and then
prints what it met as a JSON document. A program of its own, so that nothing but the database can hold it up.
"""

import json
import random
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import psycopg

TABLES = ("episodes", "parts", "items", "blocks")
PAUSE_MILLISECONDS = 3


class Met:
    """What a bystander has met; told when its block is over."""

    figures: dict[str, float]


@contextmanager
def bystander(dsn: str) -> Iterator[Met]:
    """Have a bystander work while the block lasts; yields what will say what it met."""
    met = Met()
    command = [sys.executable, "-P", __file__, dsn, str(PAUSE_MILLISECONDS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the bystander did not start")
        process.stdin.write("begin\n")
        process.stdin.flush()
        try:
            yield met
        finally:
            process.stdin.close()
            said = process.stdout.read()
    met.figures = json.loads(said)


class Bystander:
    """The session of the application, and how long its updates took, and its transactions, commits included."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        # what is copied meanwhile gets higher ids
        self._ranges = {table: self._read_range(table) for table in TABLES}
        self._random = random.Random(7)  # noqa: S311 (the same rows each time)
        self.updates: list[float] = []
        self.transactions: list[float] = []
        self.lock_waits = 0
        self.longest_lock_wait = 0.0
        self._limit_lock_wait(1)

    def _read_range(self, table: str) -> tuple[int, int]:
        row = self._connection.execute(f"select min(id), max(id) from public.{table}".encode()).fetchone()
        assert row is not None
        return int(row[0]), int(row[1])

    def _limit_lock_wait(self, milliseconds: int) -> None:
        self._connection.execute(f"set lock_timeout = {milliseconds}".encode())

    def update(self) -> None:
        """Update a row of any level; count it when a lock holds it up, and then wait as long as it takes."""
        table = self._random.choice(TABLES)
        statement = f"update public.{table} set position = position + 1 where id = %s".encode()
        key = self._random.randint(*self._ranges[table])
        start = time.perf_counter()
        try:
            self._commit(statement, key, start)
        except psycopg.errors.LockNotAvailable:
            self.lock_waits += 1
            self._limit_lock_wait(0)
            self._commit(statement, key, start)
            self.longest_lock_wait = max(self.longest_lock_wait, self.updates[-1])
            self._limit_lock_wait(1)

    def _commit(self, statement: bytes, key: int, start: float) -> None:
        with self._connection.transaction():
            self._connection.execute(statement, (key,))
            updated = time.perf_counter()
        self.updates.append(updated - start)
        self.transactions.append(time.perf_counter() - start)

    def figures(self) -> dict[str, float]:
        """Return what it met, times in milliseconds."""
        seen = sorted(self.transactions) or [0.0]
        return {
            "updates": len(self.updates),
            "longest_update_ms": 1000 * max(self.updates, default=0),
            "median_ms": 1000 * median(seen),
            "p99_ms": 1000 * seen[int(len(seen) * 0.99)],
            "longest_ms": 1000 * seen[-1],
            "lock_waits": self.lock_waits,
            "longest_lock_wait_ms": 1000 * self.longest_lock_wait,
        }


def main(dsn: str, milliseconds: str) -> None:
    """Work until the input ends."""
    with psycopg.connect(dsn, autocommit=True, application_name="bystander") as connection:
        worker = Bystander(connection)
        print("ready", flush=True)
        sys.stdin.readline()
        # the end of the input is seen between two updates, instead of a sleep
        while not select.select([sys.stdin], [], [], int(milliseconds) / 1000)[0]:
            worker.update()
    print(json.dumps(worker.figures()))


if __name__ == "__main__":
    main(*sys.argv[1:])

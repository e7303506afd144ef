"""Real faults at chosen moments.

A gate is a trigger that waits: whoever has written one certain row waits, in the middle of its transaction, until the
test opens the gate. So a test chooses the moment, sees in `pg_locks` that it has come, and only then kills.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.support.waiting import Background, eventually

WAIT_AT_GATE = """
create or replace function public.wait_at_gate() returns trigger
language plpgsql
as $$
-- tg_argv: the key of the gate's lock, a column, the value at which to wait
begin
    if coalesce(to_jsonb(new), to_jsonb(old)) ->> tg_argv[1] = tg_argv[2] then
        perform pg_catalog.pg_advisory_xact_lock_shared(tg_argv[0]::bigint);
    end if;
    return new;
end
$$
"""


class Gate:
    """Stops every session that has just written, or deleted, the row of `table` whose `column` is `value`.

    The engine's patience with locks is made longer than any test, since the gate is one.
    """

    _keys = iter(range(7_000_001, 8_000_000))

    def __init__(self, dsn: str, table: str, column: str, value: object, event: str = "after insert") -> None:
        self.key = next(self._keys)
        self._holder = psycopg.connect(dsn, autocommit=True)
        self._holder.execute("update duplication.settings set lock_timeout = '10 min'")
        self._holder.execute("select pg_advisory_lock(%s)", (self.key,))
        self._holder.execute(WAIT_AT_GATE)
        self._table = sql.Identifier(*table.split("."))
        self._trigger = sql.Identifier(f"gate_{self.key}")
        self._holder.execute(
            sql.SQL("create trigger {} {} on {} for each row execute function public.wait_at_gate({}, {}, {})").format(
                self._trigger,
                sql.SQL(event),
                self._table,
                sql.Literal(str(self.key)),
                sql.Literal(column),
                sql.Literal(str(value)),
            )
        )

    def wait_for(self, sessions: int = 1) -> list[int]:
        """Wait until that many sessions stand at the gate; return their backends."""
        return eventually(lambda: self._waiting(sessions), f"{sessions} session(s) at the gate")

    def _waiting(self, sessions: int) -> list[int]:
        pids = waiting_for_advisory_lock(self._holder, self.key)
        return pids if len(pids) >= sessions else []

    def open(self) -> None:
        """Let everyone pass, now and later."""
        self._holder.execute("select pg_advisory_unlock_all()")

    def remove(self) -> None:
        """Take the gate away; not while somebody stands at it."""
        self._holder.execute(sql.SQL("drop trigger {} on {}").format(self._trigger, self._table))

    def __enter__(self) -> Gate:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._holder.close()


def waiting_for_advisory_lock(conn: psycopg.Connection, key: int) -> list[int]:
    """The backends that truly wait for an advisory lock with a 64-bit key."""
    found = conn.execute(
        """
        select pid from pg_locks
        where locktype = 'advisory' and not granted and objsubid = 1
          and database = (select oid from pg_database where datname = current_database())
          and (classid::bigint << 32) | objid::bigint = %s
        """,
        (key,),
    )
    return [row[0] for row in found]


@dataclass(frozen=True)
class Boundary:
    """Sessions held where one batch is committed and the next not begun."""

    pids: list[int]
    open: Callable[[], object]


@contextlib.contextmanager
def stopped_at_boundary(dsn: str, duplication: int, gate: Gate) -> Iterator[Boundary]:
    """Let the session at `gate` finish its batch, and hold it where it begins the next one.

    Each batch shares the duplication's advisory lock until it commits, so whoever asks for it exclusively meanwhile
    gets it between two batches.
    """
    key = duplication_lock(dsn, duplication)
    gate.wait_for()
    with psycopg.connect(dsn, autocommit=True) as holder, psycopg.connect(dsn, autocommit=True) as looker:
        taken = Background(lambda: holder.execute("select pg_advisory_lock(%s)", (key,)))
        eventually(lambda: waiting_for_advisory_lock(looker, key), "the test waits for the batch to end")
        gate.open()
        taken.result()
        pids = eventually(lambda: waiting_for_advisory_lock(looker, key), "a session at the batch boundary")
        yield Boundary(pids, lambda: holder.execute("select pg_advisory_unlock_all()"))


def duplication_lock(dsn: str, duplication: int) -> int:
    """The key of the advisory lock of a duplication."""
    with psycopg.connect(dsn) as conn:
        row = conn.execute("select _duplication.lock_key('duplication', %s::text)", (duplication,)).fetchone()
    assert row is not None
    return int(row[0])


def kill_backend(conn: psycopg.Connection, pid: int) -> None:
    """`pg_terminate_backend`, and wait until the backend is gone."""
    row = conn.execute("select pg_terminate_backend(%s, 10000)", (pid,)).fetchone()
    assert row == (True,), f"backend {pid} is still there"


def wait_until_idle(conn: psycopg.Connection, pids: Sequence[int]) -> None:
    """Wait until these backends are gone or have nothing to do."""
    eventually(
        lambda: (
            not conn.execute(
                "select 1 from pg_stat_activity where pid = any(%s) and state is distinct from 'idle'", (list(pids),)
            ).fetchone()
        ),
        f"backends {list(pids)} are done",
    )


class Client:
    """A client process: psql that runs one statement, to be killed."""

    def __init__(self, bindir: Path, dsn: str, statement: str, options: str = "") -> None:
        # what psql of any version knows: psycopg's own library may be newer
        known = {name: str(conninfo_to_dict(dsn)[name]) for name in ("host", "port", "user", "dbname")}
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the client)
        self.process = subprocess.Popen(
            [bindir / "psql", "-X", "-q", "-d", make_conninfo(**known), "-c", statement],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            env=os.environ | {"PGOPTIONS": options},
        )

    def kill(self) -> None:
        """SIGKILL: the client can neither cancel nor say goodbye."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def is_running(self) -> bool:
        """Whether it is; fails with what it said when it was not able to do its work."""
        if self.process.poll():
            self._output.seek(0)
            raise AssertionError(self._output.read().decode())
        return self.process.poll() is None

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.kill()
        self._output.close()

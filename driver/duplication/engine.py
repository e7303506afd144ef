"""One method per routine of the engine. The only module with SQL in it."""

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from types import TracebackType
from typing import Any, LiteralString, Self, TypeVar

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from duplication.errors import DatabaseError, EngineVersionMismatch, UnknownDuplication, translated_errors
from duplication.jobs import Job
from duplication.models import (
    Attempt,
    Batch,
    Chore,
    Difference,
    Duplication,
    Event,
    GateDecision,
    LevelCall,
    LevelProgress,
    LoadSignal,
    StatusCount,
)

logger = logging.getLogger("duplication")

VERSIONS = range(1, 2)
"""The engine versions that this driver works with."""
NOT_INSTALLED = {"3F000", "42883"}
"""No such schema, no such function."""

Value = TypeVar("Value")

SELECT_DUPLICATIONS: LiteralString = """
    select id, tree, root_key, new_root_key, status, traits, driven_by, requested_by, options, error, requested_at,
        started_at, completed_at, failed_at, cancelled_at, discarding_at, discarded_at, purged_at, dispatched_at,
        not_before, waiting_reason,
        array(
            select a.name
            from unnest(array['cancel', 'retry', 'discard']) as a (name)
            where _duplication.status_after(status, a.name) is not null and purged_at is null
        ) as actions
    from duplication.duplications
"""
SELECT_BATCHES: LiteralString = """
    select b.duplication_id, b.level, b.batch_no, b.rows_planned, b.rows, b.backend_pid, b.started_at, b.ended_at
    from _duplication.batches as b
"""


class Engine:
    """A session with the database, in which the engine's routines are called.

    The connection is in autocommit mode, as procedures that commit need it. It is a context manager and closes its
    connection at the end. Every method raises the exceptions of duplication.errors.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._called_at: float | None = None
        connection.add_notice_handler(log_notice)

    @classmethod
    def connect(cls, dsn: str = "", *, application_name: str = "duplication") -> Self:
        """Open a session.

        Parameters: dsn, in any of libpq's forms; application_name, unless the DSN or PGAPPNAME says another.
        Returns the engine; raises ConnectionLost when there is no connection to be had.
        """
        with translated_errors():
            # Nothing is prepared: a pooler in transaction mode has another session for each statement.
            connection = psycopg.connect(
                dsn, autocommit=True, prepare_threshold=None, fallback_application_name=application_name
            )
            if not logger.isEnabledFor(logging.DEBUG):
                connection.execute("set duplication.notices to off")
            # Without it a killed client leaves its statement running. Some servers' platforms cannot do it.
            with suppress(psycopg.errors.InvalidParameterValue):
                connection.execute("select pg_catalog.set_config('client_connection_check_interval', '2s', false)")
            return cls(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the session."""
        self._connection.close()

    @property
    def closed(self) -> bool:
        """Whether the session is over, by close() or because it was lost."""
        return self._connection.closed

    @property
    def seconds_in_call(self) -> float:
        """How long the call that is being made has lasted; 0 when none is."""
        called_at = self._called_at
        return 0.0 if called_at is None else time.monotonic() - called_at

    def cut_off(self) -> None:
        """Break the connection, from another thread: a call that is being made ends with ConnectionLost."""
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(self._connection.fileno())) as connection:
            connection.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def _in_call(self) -> Iterator[None]:
        outer = self._called_at
        self._called_at = time.monotonic()
        try:
            with translated_errors():
                yield
        finally:
            self._called_at = outer

    def check_version(self) -> None:
        """Raise EngineVersionMismatch unless the engine in the database is one that this driver works with."""
        wanted = f"version {VERSIONS[0]}" if len(VERSIONS) == 1 else f"versions {VERSIONS[0]} to {VERSIONS[-1]}"
        try:
            version = self._value("select duplication.version()", int)
        except DatabaseError as error:
            if error.sqlstate not in NOT_INSTALLED:
                raise
            raise EngineVersionMismatch(
                f"The engine is not installed in this database, or is older than {wanted}",
                sqlstate=error.sqlstate,
                hint="Run `duplication migrate`",
            ) from error
        if version not in VERSIONS:
            raise EngineVersionMismatch(
                f"The engine is of version {version}, this driver works with {wanted}",
                hint="Upgrade the driver" if version > VERSIONS[-1] else "Run `duplication migrate`",
            )

    def request_duplication(self, tree: str, key: str, options: Mapping[str, Any] | None = None) -> int:
        """Ask for a duplication that the queue drives; commits at once.

        Parameters: options, as the routine takes them; the same idempotency_key gives the same duplication.
        Returns the duplication's id.
        """
        return self._value(
            "select duplication.request_duplication(%s, %s, %s)", int, tree, key, Jsonb(dict(options or {}))
        )

    def open_duplication(self, tree: str, key: str) -> int:
        """Return the id of the unfinished duplication of this root that a caller drives, or of a new one."""
        return self._value("select _duplication.open_duplication(%s, %s)", int, tree, key)

    def next_level(self, duplication_id: int) -> str | None:
        """Return the first level of the chain that is not done, or None when all are."""
        return self._optional("select _duplication.next_level(%s)", str, duplication_id)

    def duplicate_level(
        self, duplication_id: int, level: str, budget_seconds: float | None = None, *, carry_on: bool = False
    ) -> LevelCall:
        """Copy a level, batch by batch, until it is done or the time is up.

        Parameters: carry_on, with the levels after it, as long as less than half of the time is spent.
        """
        with self._in_call():
            row = self._connection.execute(
                """
                call duplication.duplicate_level(
                    %s::bigint, %s::text, make_interval(secs => %s::float8), null, null, %s
                )
                """,
                (duplication_id, level, budget_seconds, carry_on),
            ).fetchone()
        if row is None:
            raise DatabaseError("duplicate_level returned nothing")
        done, next_level = row
        return LevelCall(bool(done), next_level)

    def dispatch(
        self,
        send: Callable[[Sequence[Job]], None],
        cpu_percent: float | None = None,
        seen_empty_seconds: float | None = None,
        limit: int = 100,
    ) -> int:
        """Send the jobs that are due.

        Parameters: send, called with the jobs; when it raises, they stay due, so a message may be sent twice but is
        never lost. cpu_percent of the database's machine and seen_empty_seconds, how long ago the queue was empty,
        as far as they are known. limit, the most jobs to send.
        Returns the number of jobs sent.
        """
        with self._in_call(), self._connection.transaction():
            jobs = self._rows(
                """
                select i.id::text as installation, j.duplication_id, j.level
                from _duplication.dispatch_jobs(%s, %s::numeric, make_interval(secs => %s::float8)) as j
                cross join _duplication.installation as i
                """,
                Job,
                limit,
                cpu_percent,
                seen_empty_seconds,
            )
            send(jobs)
            return len(jobs)

    def check_admission(self, cpu_percent: float | None = None) -> str | None:
        """Return why nothing may be copied now, or None: the feature flag, and the load on the database."""
        return self._optional("select reason from _duplication.check_admission(%s::numeric)", str, cpu_percent)

    def list_load_signals(self) -> list[LoadSignal]:
        """Return what tells that the database is busy."""
        return self._rows("select signal, problem from duplication.load_signals()", LoadSignal)

    def begin_attempt(
        self, duplication_id: int, level: str, message_id: str, worker: str, cpu_percent: float | None = None
    ) -> GateDecision:
        """Record that a worker was given a job; returns whether it may run now."""
        return self._decide(
            "select * from _duplication.begin_attempt(%s, %s, %s, %s, %s::numeric)",
            (duplication_id, level, message_id, worker, cpu_percent),
        )

    def renew_lease(self, attempt: int, cpu_percent: float | None = None) -> GateDecision:
        """Renew a job's lease between two calls; returns whether it may go on."""
        return self._decide(
            "select %s::bigint as attempt, c.* from _duplication.renew_lease(%s, %s::numeric) as c",
            (attempt, attempt, cpu_percent),
        )

    def end_attempt(
        self, attempt: int, outcome: str, error: Mapping[str, Any] | None = None, *, next_sent: bool = True
    ) -> str:
        """Record what came of a job that ran.

        Parameters: outcome and error, as the routine takes them; next_sent, whether the next level's job is in
        the queue. Returns the duplication's status after it.
        """
        return self._value(
            "select _duplication.end_attempt(%s, %s, %s, %s)",
            str,
            attempt,
            outcome,
            Jsonb(dict(error)) if error else None,
            next_sent,
        )

    def stop_attempts(self, worker: str) -> int:
        """Ask the calls of a worker's jobs to return at their next step; returns how many jobs there are."""
        return self._value("select _duplication.stop_attempts(%s)", int, worker)

    def list_attempts(self, duplication_id: int, limit: int = 20) -> list[Attempt]:
        """Return the latest deliveries of a duplication's jobs, the newest first."""
        return self._rows(
            """
            select id, level, worker, started_at, ended_at, outcome, coalesce(reason, error ->> 'message') as reason
            from _duplication.attempts
            where duplication_id = %s
            order by id desc
            limit %s
            """,
            Attempt,
            duplication_id,
            limit,
        )

    def explain_job(self, duplication_id: int, level: str) -> str:
        """Return what would become of a job, in words."""
        return self._value("select _duplication.explain_job(%s, %s)", str, duplication_id, level)

    def next_chore(self, skip: Sequence[int] = ()) -> Chore | None:
        """Return what the settings ask to be done now, leaving out some duplications; None when there is nothing."""
        return self._row("select chore, duplication_id from _duplication.next_chore(%s::bigint[])", Chore, list(skip))

    def classify_error(self, sqlstate: str) -> str:
        """Return what an error means for a job: `transient`, `lasting` or `stop`."""
        return self._value("select _duplication.classify_error(%s)", str, sqlstate)

    def cancel(self, duplication_id: int) -> str:
        """Cancel a duplication, keeping what is copied; returns the new status."""
        return self._value("select duplication.cancel(%s)", str, duplication_id)

    def retry(self, duplication_id: int) -> str:
        """Let a failed duplication go on from where it stopped; returns the new status."""
        return self._value("select duplication.retry(%s)", str, duplication_id)

    def discard(self, duplication_id: int, budget_seconds: float | None = None) -> bool:
        """Delete what was copied, batch by batch, until the time is up; resumes when called again.

        Returns whether all of it is deleted.
        """
        return self._value(
            "call duplication.discard(%s::bigint, make_interval(secs => %s::float8), null)",
            bool,
            duplication_id,
            budget_seconds,
        )

    def purge(self, budget_seconds: float | None = None) -> bool:
        """Delete what the settings say is old, batch by batch, until the time is up; returns whether it is gone."""
        return self._value("call duplication.purge(make_interval(secs => %s::float8), null)", bool, budget_seconds)

    def verify(self, duplication_id: int) -> Iterator[Difference]:
        """Yield every difference between the copy and its source; nothing when they are equal."""
        with self._in_call(), self._connection.cursor(row_factory=class_row(Difference)) as cursor:
            yield from cursor.stream(
                """
                select level, orig_key, new_key, difference, column_name, detail
                from duplication.verify(%s)
                """,
                (duplication_id,),
            )

    def copy_statement(self, tree: str, level: str, kind: str | None = None) -> str:
        """Return the very SQL that a batch of this level runs."""
        return self._value("select duplication.copy_statement(%s, %s, %s)", str, tree, level, kind)

    def find_installation(self) -> str:
        """Return the UUID that tells this database's jobs from those of others in the same queue."""
        return self._value("select id::text from _duplication.installation", str)

    def find_duplication(self, duplication_id: int) -> Duplication:
        """Return one duplication; raises UnknownDuplication."""
        found = self._row(SELECT_DUPLICATIONS + "where id = %s", Duplication, duplication_id)
        if found is None:
            raise UnknownDuplication(
                f"there is no duplication {duplication_id}",
                sqlstate="UD003",
                hint="`duplication status` lists the recent ones",
            )
        return found

    def list_duplications(self, limit: int = 20, before: int | None = None) -> list[Duplication]:
        """Return the latest duplications, the newest first.

        Parameters: before, only older ones than this.
        """
        return self._rows(
            SELECT_DUPLICATIONS + "where id < coalesce(%s, 9223372036854775807) order by id desc limit %s",
            Duplication,
            before,
            limit,
        )

    def list_unfinished(self, limit: int = 100) -> list[Duplication]:
        """Return the oldest duplications that are asked for, at work or being discarded, the oldest first."""
        return self._rows(
            SELECT_DUPLICATIONS
            + """
            where traits ? 'unfinished'
            order by id limit %s
            """,
            Duplication,
            limit,
        )

    def list_failed(self, limit: int = 20) -> list[Duplication]:
        """Return the latest duplications that failed and wait for a person, the newest first."""
        return self._rows(
            SELECT_DUPLICATIONS + "where traits ? 'has_error' order by id desc limit %s", Duplication, limit
        )

    def read_clock(self) -> datetime:
        """Return the time by the database's clock, which all its times are of."""
        return self._value("select clock_timestamp()", datetime)

    def list_progress(self, duplication_id: int) -> list[LevelProgress]:
        """Return how far each level of a duplication is, in the order of copying."""
        return self._rows(
            """
            select duplication_id, new_root_key, level, ordinal, level_status, rows_planned, rows_done, rows_copied,
                batches, started_at, completed_at
            from duplication.progress
            where duplication_id = %s
            order by ordinal
            """,
            LevelProgress,
            duplication_id,
        )

    def list_batches(self, duplication_id: int, limit: int = 200) -> list[Batch]:
        """Return the latest batches of a duplication that was not purged, the newest first."""
        return self._rows(
            SELECT_BATCHES + "where b.duplication_id = %s order by b.ended_at desc limit %s",
            Batch,
            duplication_id,
            limit,
        )

    def list_attempt_batches(self, attempt: int, after: datetime | None = None) -> list[Batch]:
        """Return the batches of an attempt's duplication that are younger than the attempt, in the order they ended.

        Parameters: after, when the last batch ended that is known already.
        """
        return self._rows(
            SELECT_BATCHES
            + """
            inner join _duplication.attempts as a on a.duplication_id = b.duplication_id
            where a.id = %s and b.started_at >= a.started_at and b.ended_at > coalesce(%s::timestamptz, '-infinity')
            order by b.ended_at
            """,
            Batch,
            attempt,
            after,
        )

    def read_events(
        self, after: str | None, limit: int = 500, only: int | None = None, until: str | None = None
    ) -> list[Event]:
        """Return what has happened since, in order.

        Parameters: after, the cursor of the last event seen; None for what comes from now on; only, one duplication;
        until, the cursor of a reader to catch up with, who has read the feed to its end; None for now.
        """
        return self._rows(
            """
            select event_cursor as cursor, duplication_id, type, payload, created_at
            from duplication.read_events(%s::text, %s, %s::bigint, %s::text)
            """,
            Event,
            after,
            limit,
            only,
            until,
        )

    def feed_position(self) -> str:
        """Return the cursor of the feed's end: taken before a state is loaded, nothing is missed in between."""
        return self._value("select duplication.feed_position()", str)

    def count_statuses(self) -> list[StatusCount]:
        """Return how many duplications there are of each status."""
        return self._rows(
            """
            select s.status, s.traits -> 'is' as traits, count(d.id) as count,
                min(d.requested_at) as oldest_requested_at
            from jsonb_each(_duplication.statuses()) as s (status, traits)
            left join duplication.duplications as d on d.status = s.status
            group by s.status, s.traits
            """,
            StatusCount,
        )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make one transaction of all calls in the block; not of those that commit themselves."""
        with translated_errors(), self._connection.transaction():
            yield

    def run_script(self, script: str, **values: str | int) -> str:
        """Run SQL statements in one transaction.

        Parameters: script; values, which it reads as settings, `current_setting('script.<name>')`.
        Returns the first value of the last statement's result, as text; nothing where it has none.
        """
        with self._in_call(), self._connection.transaction():
            for name, value in values.items():
                self._connection.execute("select set_config('script.' || %s, %s, true)", (name, str(value)))
            cursor = self._connection.execute(script.encode())
            while cursor.nextset():
                pass
            row = cursor.fetchone() if cursor.description else None
        return str(row[0]) if row else ""

    def _decide(self, query: LiteralString, parameters: tuple[object, ...]) -> GateDecision:
        found = self._row(query, GateDecision, *parameters)
        if found is None:
            raise DatabaseError("The engine returned nothing where a decision was expected")
        return found

    def _rows(self, query: LiteralString, kind: type[Value], *parameters: object) -> list[Value]:
        """Return what a query finds, each row as a dataclass."""
        with self._in_call(), self._connection.cursor(row_factory=class_row(kind)) as cursor:
            return cursor.execute(query, parameters).fetchall()

    def _row(self, query: LiteralString, kind: type[Value], *parameters: object) -> Value | None:
        rows = self._rows(query, kind, *parameters)
        return rows[0] if rows else None

    def _optional(self, query: LiteralString, kind: type[Value], *parameters: object) -> Value | None:
        with self._in_call():
            row = self._connection.execute(query, parameters).fetchone()
        value = row[0] if row else None
        if value is None or isinstance(value, kind):
            return value
        raise DatabaseError(f"The engine returned {value!r} where {kind.__name__} was expected")

    def _value(self, query: LiteralString, kind: type[Value], *parameters: object) -> Value:
        value = self._optional(query, kind, *parameters)
        if value is None:
            raise DatabaseError("The engine returned nothing where a value was expected")
        return value


def log_notice(diagnostic: psycopg.errors.Diagnostic) -> None:
    """Forward a notice of the database to the log."""
    level = logging.WARNING if diagnostic.severity_nonlocalized == "WARNING" else logging.INFO
    logger.log(level, "%s", diagnostic.message_primary)

"""What tests of running workers see of them: only what anybody sees in the database and in their logs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

import psycopg

from duplication.engine import Engine
from tests.driver.helpers import Command
from tests.support.calls import value
from tests.support.faults import Gate, kill_backend
from tests.support.waiting import eventually

LEVELS = ["episodes", "parts", "items", "blocks"]

# A message that is not settled stays away for longer than a test lasts: only the worker's own doing brings it back.
PATIENT = {"DUPLICATION_POLL_SECONDS": "1", "DUPLICATION_VISIBILITY_SECONDS": "600"}
# A call returns after each batch.
BATCHWISE = PATIENT | {"DUPLICATION_BUDGET_SECONDS": "0.001"}

REFUSE = """
create function public.refuse() returns trigger language plpgsql
as $$ begin raise exception using errcode = tg_argv[0], message = 'no such part today', hint = 'come back'; end $$;
create trigger refuse before insert on public.parts
for each row when (new.orig_id is not null) execute function public.refuse('{}')
"""


def wait_for_start(*workers: Command) -> None:
    for worker in workers:
        eventually(lambda worker=worker: "waits for jobs" in worker.said, "the worker has started")  # type: ignore[misc]


def wait_for_completion(engine: Engine, *duplications: int) -> None:
    """Wait until all are completed, and see that each equals its source."""
    for duplication in duplications:
        eventually(lambda id_=duplication: is_over(engine, id_), f"duplication {duplication} is over")  # type: ignore[misc]
        found = engine.find_duplication(duplication)
        assert found.status == "completed", found.error
        assert list(engine.verify(duplication)) == []


def is_over(engine: Engine, duplication: int) -> bool:
    return engine.find_duplication(duplication).status not in {"pending", "in_progress"}


def wait_for_reason(engine: Engine, duplication: int, words: str) -> str:
    """Wait until a duplication waits for something; return for what, in the engine's words."""

    def look() -> str | None:
        reason = engine.find_duplication(duplication).waiting_reason
        return reason if reason and words in reason else None

    return eventually(look, f"duplication {duplication} waits: {words}")


def outcomes(db: psycopg.Connection, duplication: int, level: str) -> list[str | None]:
    found = db.execute(
        "select outcome from _duplication.attempts where duplication_id = %s and level = %s order by id",
        (duplication, level),
    )
    return [row[0] for row in found]


def workers_of(db: psycopg.Connection, duplication: int, level: str) -> list[int]:
    """The process numbers of those that were given a job, delivery by delivery."""
    found = db.execute(
        "select worker from _duplication.attempts where duplication_id = %s and level = %s order by id",
        (duplication, level),
    )
    return [int(row[0].rpartition(":")[2]) for row in found]


def copied_rows(db: psycopg.Connection) -> list[int]:
    return [value(db, f"select count(*) from public.{level} where orig_id is not null") for level in LEVELS]


def gate_at_first_block(db: psycopg.Connection, dsn: str) -> Gate:
    block = value(db, "select min(id) from public.blocks where orig_id is null")
    return Gate(dsn, "public.blocks", "orig_id", block)


def is_there(db: psycopg.Connection, backend: int) -> bool:
    return bool(value(db, "select exists (select from pg_stat_activity where pid = %s)", backend))


@contextmanager
def busy_sessions(db: psycopg.Connection, number: int) -> Iterator[None]:
    """Sessions of somebody else's, each in the middle of a statement, while the block lasts."""
    sessions = [psycopg.connect(db.info.dsn, autocommit=True, application_name="reports") for _ in range(number)]
    try:
        for session in sessions:
            session.pgconn.send_query(b"select pg_sleep(600)")
        active = "select count(*) from pg_stat_activity where application_name = 'reports' and state = 'active'"
        eventually(lambda: value(db, active) == number, "the sessions are busy")
        yield
    finally:
        for session in sessions:
            kill_backend(db, session.info.backend_pid)
            session.close()


class Sampler:
    """Asks the same thing of the database again and again while its block lasts, and keeps the answers."""

    def __init__(self, dsn: str, query: str) -> None:
        self.seen: list[int] = []
        self._dsn = dsn
        self._query = query
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def _sample(self) -> None:
        with psycopg.connect(self._dsn, autocommit=True) as conn:
            while not self._over.wait(0.01):
                self.seen.append(int(value(conn, self._query)))

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()


AT_WORK = "select count(distinct duplication_id) from _duplication.attempts where ended_at is null"

"""What becomes of a job, of its message and of its duplication after an error."""

from __future__ import annotations

import logging
from collections.abc import Callable

import psycopg
import pytest

from duplication.engine import Engine
from duplication.errors import DatabaseError
from duplication.job_runner import JobRunner
from duplication.settlement import Fate, backoff_seconds, settle_error
from tests.driver.helpers import RecordingQueue, runner, take, work_until_idle

Episode = Callable[..., int]
LASTING, TRANSIENT = "23514", "40001"
SORTED = {
    None: ("transient", Fate.RELEASE),
    "08006": ("transient", Fate.RELEASE),
    "40P01": ("transient", Fate.RELEASE),
    "53100": ("transient", Fate.RELEASE),
    "57014": ("transient", Fate.RELEASE),
    "23503": ("lasting", Fate.DELETE),
    "42501": ("lasting", Fate.DELETE),
    "UD012": ("lasting", Fate.DELETE),
    "UD016": ("stopped", Fate.DELETE),
}

REFUSE = """
create function public.refuse() returns trigger language plpgsql
as $$ begin raise exception using errcode = tg_argv[0], message = 'no such part today', hint = 'come back'; end $$;
create trigger refuse before insert on public.parts
for each row when (new.orig_id is not null) execute function public.refuse('{}')
"""


@pytest.fixture
def worker(engine: Engine, queue: RecordingQueue) -> JobRunner:
    return runner(engine, queue)


@pytest.fixture
def requested(engine: Engine, worker: JobRunner, queue: RecordingQueue, episode: Episode) -> int:
    """A duplication whose first job is in the queue."""
    duplication = engine.request_duplication("episode", str(episode()))
    assert worker.dispatch() == 1
    queue.sent.clear()
    return duplication


def attempts(db: psycopg.Connection) -> list[tuple[str, str, str | None]]:
    return db.execute("select level, outcome, error ->> 'sqlstate' from duplication.attempts order by id").fetchall()


def test_switched_off_a_job_is_put_off_and_done_when_switched_on(
    db: psycopg.Connection, dsn: str, engine: Engine, worker: JobRunner, queue: RecordingQueue, requested: int
) -> None:
    """By a new message: one that is only given back would be a dead letter before long."""
    db.execute("update duplication.settings set enabled = false")
    worker.handle(take(queue))
    assert queue.sent == [("episodes", 30)]
    assert queue.settled == [("deleted", 0)]
    assert attempts(db) == [("episodes", "later", None)]
    assert engine.find_duplication(requested).status == "pending"
    db.execute("update duplication.settings set enabled = true")
    db.execute("update duplication.duplications set dispatched_at = null")
    work_until_idle(dsn, queue)
    assert engine.find_duplication(requested).status == "completed"


def test_a_cancelled_duplications_job_stops_and_is_deleted(
    db: psycopg.Connection,
    engine: Engine,
    worker: JobRunner,
    queue: RecordingQueue,
    requested: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine.cancel(requested)
    with caplog.at_level(logging.INFO, "duplication"):
        worker.handle(take(queue))
    assert f"Duplication job stopped: duplication {requested} is cancelled" in caplog.messages
    assert queue.settled == [("deleted", 0)]
    assert queue.sent == []
    assert attempts(db) == [("episodes", "stopped", None)]


def test_a_lasting_error_fails_at_once_and_a_retry_goes_on(
    db: psycopg.Connection, dsn: str, engine: Engine, worker: JobRunner, queue: RecordingQueue, requested: int
) -> None:
    db.execute(REFUSE.format(LASTING))
    worker.handle(take(queue))
    worker.handle(take(queue))
    assert queue.settled == [("deleted", 0)] * 2
    assert attempts(db) == [("episodes", "done", None), ("parts", "lasting", LASTING)]
    failed = engine.find_duplication(requested)
    assert failed.status == "failed"
    assert failed.error is not None
    assert failed.error["level"] == "parts"
    assert failed.error["relation"] == "public.parts"
    assert failed.error["message"] == "no such part today"
    assert failed.error["hint"] == "come back"
    assert failed.error["context"]
    db.execute("drop trigger refuse on public.parts")
    engine.retry(requested)
    work_until_idle(dsn, queue)
    assert engine.find_duplication(requested).status == "completed"
    assert list(engine.verify(requested)) == []


def test_transient_errors_are_retried_with_longer_and_longer_waits_and_the_last_one_fails(
    db: psycopg.Connection, engine: Engine, worker: JobRunner, queue: RecordingQueue, requested: int
) -> None:
    db.execute("update duplication.settings set max_attempts = 3")
    db.execute(REFUSE.format(TRANSIENT))
    worker.handle(take(queue))
    queue.settled.clear()
    waits = []
    for number in (1, 2, 3):
        message = take(queue)
        assert message.receive_count == number
        worker.handle(message)
        kind, wait = queue.settled.pop()
        waits.append(wait)
        expected = ("deleted", "failed") if number == 3 else ("released", "in_progress")
        assert (kind, engine.find_duplication(requested).status) == expected
        if kind == "released":
            # Nothing here waits for the time to come.
            queue.extend(message, 0)
    assert 1 <= waits[0] <= 2
    assert 2 <= waits[1] <= 4
    assert [outcome for _, outcome, _ in attempts(db)] == ["done", *["transient"] * 3]
    assert queue.receive(0, 1) is None
    failed = engine.find_duplication(requested)
    assert failed.error is not None
    assert (failed.error["sqlstate"], failed.error["level"]) == (TRANSIENT, "parts")


def test_a_transient_error_that_passes_leaves_a_completed_copy(
    db: psycopg.Connection, dsn: str, engine: Engine, worker: JobRunner, queue: RecordingQueue, requested: int
) -> None:
    db.execute(REFUSE.format(TRANSIENT))
    worker.handle(take(queue))
    message = take(queue)
    worker.handle(message)
    db.execute("drop trigger refuse on public.parts")
    queue.extend(message, 0)
    work_until_idle(dsn, queue)
    assert engine.find_duplication(requested).status == "completed"
    assert list(engine.verify(requested)) == []


@pytest.mark.parametrize("count", [1, 2, 5, 6, 7, 100])
def test_waits_double_up_to_a_minute(count: int) -> None:
    longest = min(60, 2**count)
    found = {backoff_seconds(count) for _ in range(200)}
    assert min(found) >= max(1, longest // 2)
    assert max(found) <= longest


def test_the_engine_sorts_errors_by_their_sqlstate(engine: Engine) -> None:
    """Whatever the text says."""
    for sqlstate, (outcome, fate) in SORTED.items():
        settlement = settle_error(DatabaseError("deadlock detected", sqlstate=sqlstate), 1, engine.classify_error)
        assert (settlement.outcome, settlement.fate) == (outcome, fate), sqlstate

"""What becomes of a job, of its message and of its duplication after an error."""

from __future__ import annotations

import logging

import psycopg
import pytest

from duplication.engine import Engine
from tests.driver.helpers import RecordingQueue, Runner, runner, take, work_until_idle
from tests.support.aliases import Episode
from tests.support.calls import value

LASTING, TRANSIENT = "23514", "40001"
SORTED = {
    "40P01": "transient",
    "53100": "transient",
    "57014": "transient",
    "23503": "lasting",
    "42501": "lasting",
    "UD012": "lasting",
}

REFUSE = """
create function public.refuse() returns trigger language plpgsql
as $$ begin raise exception using errcode = tg_argv[0], message = 'no such part today', hint = 'come back'; end $$;
create trigger refuse before insert on public.parts
for each row when (new.orig_id is not null) execute function public.refuse('{}')
"""


@pytest.fixture
def worker(engine: Engine, queue: RecordingQueue) -> Runner:
    return runner(engine, queue)


@pytest.fixture
def requested(engine: Engine, worker: Runner, queue: RecordingQueue, episode: Episode) -> int:
    """A duplication whose first job is in the queue."""
    duplication = engine.request_duplication("episode", str(episode()))
    assert worker.dispatch() == 1
    queue.sent.clear()
    return duplication


def attempts(db: psycopg.Connection) -> list[tuple[str, str, str | None]]:
    return db.execute("select level, outcome, error ->> 'sqlstate' from _duplication.attempts order by id").fetchall()


def make_due(db: psycopg.Connection) -> None:
    """Nothing here waits for the time to come."""
    db.execute("update duplication.duplications set not_before = clock_timestamp() where not_before is not null")


def test_switched_off_a_job_is_put_off_and_done_when_switched_on(
    db: psycopg.Connection, dsn: str, engine: Engine, worker: Runner, queue: RecordingQueue, requested: int
) -> None:
    """By a new message: one that was given back each time would be a dead letter before long."""
    db.execute("update duplication.settings set enabled = false")
    worker.handle(take(queue))
    assert queue.sent == []
    assert queue.settled == [("deleted", 0)]
    assert attempts(db) == [("episodes", "later", None)]
    waiting = engine.find_duplication(requested)
    assert (waiting.status, waiting.waiting_reason) == ("pending", "duplication is switched off")
    db.execute("update duplication.settings set enabled = true")
    make_due(db)
    work_until_idle(dsn, queue)
    assert engine.find_duplication(requested).status == "completed"


def test_a_cancelled_duplications_job_stops_and_is_deleted(
    db: psycopg.Connection,
    engine: Engine,
    worker: Runner,
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
    db: psycopg.Connection, dsn: str, engine: Engine, worker: Runner, queue: RecordingQueue, requested: int
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


def test_transient_errors_are_retried_ever_later_and_the_last_fails(
    db: psycopg.Connection, engine: Engine, worker: Runner, queue: RecordingQueue, requested: int
) -> None:
    db.execute("update duplication.settings set max_attempts = 3")
    db.execute(REFUSE.format(TRANSIENT))
    worker.handle(take(queue))
    for number in (1, 2):
        worker.handle(take(queue))
        waiting = engine.find_duplication(requested)
        assert (waiting.status, waiting.waiting_reason) == ("in_progress", f"failure {number} of 3: no such part today")
        wait = value(
            db,
            """
            select extract(epoch from d.not_before - max(a.ended_at))::float
            from duplication.duplications as d
            inner join _duplication.attempts as a on a.duplication_id = d.id
            group by d.id
            """,
        )
        assert 2 ** (number - 1) / 2 <= wait <= 2 ** (number - 1) + 1
        assert queue.receive(0, 1) is None
        make_due(db)
        assert worker.dispatch() == 1
    worker.handle(take(queue))
    failed = engine.find_duplication(requested)
    assert failed.status == "failed"
    assert failed.error is not None
    assert (failed.error["sqlstate"], failed.error["level"]) == (TRANSIENT, "parts")
    assert [outcome for _, outcome, _ in attempts(db)] == ["done", *["transient"] * 3]
    assert queue.settled == [("deleted", 0)] * 4
    assert queue.receive(0, 1) is None


def test_a_transient_error_that_passes_leaves_a_completed_copy(
    db: psycopg.Connection, dsn: str, engine: Engine, worker: Runner, queue: RecordingQueue, requested: int
) -> None:
    db.execute(REFUSE.format(TRANSIENT))
    worker.handle(take(queue))
    worker.handle(take(queue))
    db.execute("drop trigger refuse on public.parts")
    make_due(db)
    work_until_idle(dsn, queue)
    assert engine.find_duplication(requested).status == "completed"
    assert list(engine.verify(requested)) == []


@pytest.mark.parametrize(("sqlstate", "outcome"), SORTED.items())
def test_an_error_is_sorted_by_its_sqlstate(
    db: psycopg.Connection, worker: Runner, queue: RecordingQueue, requested: int, sqlstate: str, outcome: str
) -> None:
    """Whatever the text says."""
    db.execute(REFUSE.format(sqlstate))
    worker.handle(take(queue))
    worker.handle(take(queue))
    assert attempts(db) == [("episodes", "done", None), ("parts", outcome, sqlstate)]

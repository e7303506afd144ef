"""A job that is done well within its budget goes on with the next level under the same message."""

from __future__ import annotations

import signal

import psycopg
import pytest

from duplication.engine import Engine
from duplication.jobs import Job
from duplication.queue import Queue
from tests.driver.helpers import QUICK, RecordingQueue, Start, every_queue, runner, take
from tests.driver.watching import PATIENT
from tests.support.aliases import Episode
from tests.support.calls import set_batch_rows, value
from tests.support.faults import Gate
from tests.support.waiting import eventually

CARRYING_ON = QUICK.model_copy(update={"carry_on": True})
SMALL_BATCHES = "update duplication.settings set batch_rows = 5, target_batch_ms = null"


def attempts(db: psycopg.Connection) -> list[tuple[str, str]]:
    return [
        (row[0], row[1])
        for row in db.execute("select level, outcome from _duplication.attempts order by id").fetchall()
    ]


@every_queue
def test_a_small_copy_is_one_message_and_one_attempt(
    db: psycopg.Connection, engine: Engine, queue: RecordingQueue, episode: Episode
) -> None:
    duplication = engine.request_duplication("episode", str(episode()))
    worker = runner(engine, queue, settings=CARRYING_ON)
    worker.dispatch()
    worker.handle(take(queue))
    assert engine.find_duplication(duplication).status == "completed"
    assert list(engine.verify(duplication)) == []
    assert queue.sent == ["episodes"]
    assert queue.settled == [("deleted", 0)]
    assert attempts(db) == [("blocks", "done")], "an attempt is at the level that it has come to"


def test_a_job_that_has_used_half_of_its_budget_sends_the_next_one(
    engine: Engine, queue: RecordingQueue, episode: Episode
) -> None:
    engine.request_duplication("episode", str(episode()))
    worker = runner(engine, queue, settings=CARRYING_ON.model_copy(update={"budget_seconds": 0.000001}))
    worker.dispatch()
    worker.handle(take(queue))
    assert queue.sent == ["episodes", "parts"]


def test_the_message_of_a_level_that_is_done_goes_on_where_the_copy_is(
    db: psycopg.Connection, engine: Engine, queue: RecordingQueue, episode: Episode
) -> None:
    """A worker dies after it has carried on: what comes again is the message of an earlier level."""
    duplication = engine.request_duplication("episode", str(episode()))
    engine.duplicate_level(duplication, "episodes")
    engine.duplicate_level(duplication, "parts")
    queue.send(Job(engine.find_installation(), duplication, "episodes"))
    runner(engine, queue, settings=CARRYING_ON).handle(take(queue))
    assert engine.find_duplication(duplication).status == "completed"
    assert queue.sent == ["episodes"]
    assert value(db, "select count(*) from public.blocks where orig_id is not null") == 24


def test_a_second_delivery_is_put_off_though_the_first_has_carried_on(
    db: psycopg.Connection, dsn: str, engine: Engine, queue: Queue, start: Start, episode: Episode
) -> None:
    db.execute(SMALL_BATCHES)
    duplication = engine.request_duplication("episode", str(episode()))
    block = value(db, "select min(id) from public.blocks")
    with Gate(dsn, "public.blocks", "orig_id", block) as gate:
        start("worker", **PATIENT, DUPLICATION_CARRY_ON="on")
        gate.wait_for()
        gate_of_second = engine.begin_attempt(duplication, "blocks", "a second message", "another worker")
        assert (gate_of_second.decision, gate_of_second.gate) == ("later", "overlap")
        gate.open()
    eventually(lambda: engine.find_duplication(duplication).status == "completed", "it is completed")
    assert list(engine.verify(duplication)) == []


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_ends_after_carrying_on_is_followed_by_another(
    db: psycopg.Connection, dsn: str, engine: Engine, start: Start, episode: Episode, ending: signal.Signals
) -> None:
    set_batch_rows(db, 5)
    duplication = engine.request_duplication("episode", str(episode()))
    block = value(db, "select id from public.blocks order by id offset 12 limit 1")
    with Gate(dsn, "public.blocks", "orig_id", block) as gate:
        with start("worker", DUPLICATION_CARRY_ON="on") as worker:
            gate.wait_for()
            worker.send(ending)
            if ending == signal.SIGTERM:
                eventually(
                    lambda: value(db, "select bool_or(stop_requested) from _duplication.attempts"), "it is to stop"
                )
                gate.open()
            worker.wait()
        gate.open()
    start("worker", DUPLICATION_CARRY_ON="on")
    eventually(lambda: engine.find_duplication(duplication).status == "completed", "it is completed")
    assert list(engine.verify(duplication)) == []
    assert value(db, "select count(*) from public.blocks where orig_id is not null") == 24


def test_a_failure_names_the_level_it_met_and_keeps_the_levels_before(
    db: psycopg.Connection, engine: Engine, queue: RecordingQueue, episode: Episode
) -> None:
    """Levels that are copied together are tried one by one when they fail."""
    duplication = engine.request_duplication("episode", str(episode()))
    db.execute("alter table public.items add constraint refused check (orig_id is null) not valid")
    try:
        worker = runner(engine, queue, settings=CARRYING_ON)
        worker.dispatch()
        worker.handle(take(queue))
    finally:
        db.execute("alter table public.items drop constraint refused")
    found = engine.find_duplication(duplication)
    assert found.status == "failed"
    assert found.error is not None
    assert (found.error["level"], found.error["sqlstate"]) == ("items", "23514")
    assert value(db, "select count(*) from public.parts where orig_id is not null") == 3
    assert attempts(db) == [("items", "lasting")]

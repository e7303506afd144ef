"""What a worker had in hand that is killed or stands still is done by another one, and never twice."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import psycopg

from duplication.engine import Engine
from duplication.jobs import Job
from duplication.queue import Queue
from tests.driver.helpers import Command, RecordingQueue, Start, every_queue, runner, take
from tests.driver.watching import (
    BATCHWISE,
    PATIENT,
    copied_rows,
    gate_at_first_block,
    is_there,
    outcomes,
    wait_for_completion,
    wait_for_start,
    workers_of,
)
from tests.support.aliases import Episode
from tests.support.calls import set_batch_rows, value
from tests.support.faults import wait_until_idle
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@every_queue
def test_the_job_of_a_killed_worker_is_taken_over_and_its_slot_is_free(
    db: psycopg.Connection, dsn: str, engine: Engine, queue: Queue, start: Start, episode: Episode
) -> None:
    """Long before its lease or its message's time is over: its backend is gone."""
    source = str(episode())
    set_batch_rows(db, 5)
    db.execute("update duplication.settings set max_active = 1, lease = '1 h'")
    duplication = engine.request_duplication("episode", source)
    with gate_at_first_block(db, dsn) as gate:
        with start("worker", **PATIENT) as killed:
            (backend,) = gate.wait_for()
            other = start("worker", **PATIENT)
            wait_for_start(other)
            waiting = engine.request_duplication("episode", source)
            killed.send(signal.SIGKILL)
            killed.wait()
        eventually(lambda: not is_there(db, backend), "the killed worker's backend has noticed")
        gate.wait_for()
        assert outcomes(db, duplication, "blocks") == ["lost", None]
        assert workers_of(db, duplication, "blocks") == [killed.process.pid, other.process.pid]
        gate.open()
        wait_for_completion(engine, duplication, waiting)
    assert outcomes(db, duplication, "blocks") == ["lost", "done"]
    assert copied_rows(db) == [2, 6, 12, 48]


def stands_still(db: psycopg.Connection, worker: Command, backend: int) -> bool:
    """Stop a worker, but not while it dispatches: its transaction would keep others from that for a minute."""
    worker.send(signal.SIGSTOP)
    looks = [
        value(
            db,
            """
            select bool_and(state = 'idle') from pg_stat_activity
            where datname = current_database() and application_name = 'duplication' and pid <> %s
            """,
            backend,
        )
        for _ in range(10)
    ]
    if not all(looks):
        worker.send(signal.SIGCONT)
    return all(looks)


@every_queue
def test_a_frozen_worker_is_taken_over_and_does_no_harm_later(
    db: psycopg.Connection, dsn: str, engine: Engine, queue: Queue, start: Start, episode: Episode
) -> None:
    source = str(episode())
    set_batch_rows(db, 5)
    db.execute("update duplication.settings set lease = '1 s'")
    duplication = engine.request_duplication("episode", source)
    with gate_at_first_block(db, dsn) as gate:
        still = start("worker", **BATCHWISE)
        (backend,) = gate.wait_for()
        db.execute("update duplication.settings set lease = '1 h'")
        eventually(lambda: stands_still(db, still, backend), "it stands still, and holds up nobody")
        gate.open()
        wait_until_idle(db, [backend])
        assert outcomes(db, duplication, "blocks") == [None], "its batch is copied, and it has not been told"
        other = start("worker", **BATCHWISE)
        wait_for_completion(engine, duplication)
    assert outcomes(db, duplication, "blocks") == ["lost", "done"]
    assert workers_of(db, duplication, "blocks") == [still.process.pid, other.process.pid]
    other.send(signal.SIGTERM)
    assert other.wait() == 0
    still.send(signal.SIGCONT)
    eventually(lambda: "its lease had run out" in still.said, "it goes on, and stops this job")
    wait_for_completion(engine, duplication, engine.request_duplication("episode", source))
    assert copied_rows(db) == [2, 6, 12, 48]
    assert outcomes(db, duplication, "blocks") == ["lost", "done"]
    assert still.process.poll() is None


@every_queue
def test_a_second_delivery_of_a_job_that_is_being_done_is_dropped(
    db: psycopg.Connection, dsn: str, engine: Engine, queue: RecordingQueue, start: Start, episode: Episode
) -> None:
    duplication = engine.request_duplication("episode", str(episode()))
    set_batch_rows(db, 5)
    with gate_at_first_block(db, dsn) as gate:
        first = start("worker", **PATIENT)
        gate.wait_for()
        second = start("worker", **PATIENT)
        queue.send(Job(engine.find_installation(), duplication, "blocks"))
        eventually(lambda: outcomes(db, duplication, "blocks") == [None, "later"], "the second delivery is over")
        assert workers_of(db, duplication, "blocks") == [first.process.pid, second.process.pid]
        assert engine.find_duplication(duplication).not_before is None, "the duplication does not wait"
        eventually(lambda: f":{first.process.pid} is at work on it" in second.said, "it says why")
        gate.open()
        wait_for_completion(engine, duplication)
    assert copied_rows(db) == [1, 3, 6, 24]
    assert outcomes(db, duplication, "blocks") == ["done", "later"]


@every_queue
def test_a_message_that_the_queue_has_lost_is_sent_again(
    db: psycopg.Connection,
    engine: Engine,
    client: SQSClient,
    queue: RecordingQueue,
    start: Start,
    episode: Episode,
) -> None:
    source = str(episode())
    db.execute("update duplication.settings set resend_after = '0.1 s'")
    begun, requested = [engine.request_duplication("episode", source) for _ in range(2)]
    worker = runner(engine, queue)
    assert worker.dispatch() == 2
    worker.handle(take(queue))
    client.purge_queue(QueueUrl=queue.url)
    assert queue.receive(0, 1) is None
    start("worker", **PATIENT)
    wait_for_completion(engine, begun, requested)
    assert copied_rows(db) == [2, 6, 12, 48]

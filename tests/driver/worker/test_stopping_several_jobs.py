"""SIGTERM stops all jobs of a worker at their next batch, whatever they are in the middle of."""

from __future__ import annotations

import signal
import socket

import psycopg

from duplication.engine import Engine
from duplication.jobs import Job
from duplication.queue import Queue
from duplication.worker.dispatcher import send_due
from tests.driver.helpers import RecordingQueue, Start, every_queue, take
from tests.driver.watching import PATIENT, copied_rows, outcomes, wait_for_completion
from tests.support.aliases import Episode
from tests.support.calls import rows_done, set_batch_rows, value
from tests.support.faults import Gate, waiting_for_advisory_lock
from tests.support.waiting import eventually

LONG_CALLS = PATIENT | {"DUPLICATION_BUDGET_SECONDS": "600"}


def stop_requested(db: psycopg.Connection) -> int:
    return int(value(db, "select count(*) from _duplication.attempts where ended_at is null and stop_requested"))


def batches(db: psycopg.Connection, duplication: int) -> int:
    query = "select count(*) from _duplication.batches where duplication_id = %s and level = 'blocks'"
    return int(value(db, query, duplication))


@every_queue
def test_all_jobs_stop_at_their_next_batch_though_their_calls_may_be_long(
    db: psycopg.Connection, dsn: str, engine: Engine, queue: RecordingQueue, start: Start, episode: Episode
) -> None:
    source = str(episode())
    set_batch_rows(db, 5)
    ids = [engine.request_duplication("episode", source) for _ in range(3)]
    block = value(db, "select min(id) from public.blocks")
    with Gate(dsn, "public.blocks", "orig_id", block) as gate:
        worker = start("worker", "--concurrency", "3", **LONG_CALLS)
        gate.wait_for(3)
        worker.send(signal.SIGTERM)
        eventually(lambda: stop_requested(db) == 3, "every call is asked to return")
        gate.open()
        assert worker.wait() == 0
    assert "has stopped" in worker.said
    for id_ in ids:
        assert outcomes(db, id_, "blocks") == ["released"]
        assert batches(db, id_) == 1, "the batch that it was in, and no other"
        assert 0 < rows_done(db, id_, "blocks") < 24
    messages = [take(queue) for _ in ids]
    assert {Job.parse(message.body).duplication_id for message in messages} == set(ids)
    assert {Job.parse(message.body).level for message in messages} == {"blocks"}
    for message in messages:
        queue.release(message)
    start("worker", **PATIENT)
    wait_for_completion(engine, *ids)
    assert copied_rows(db) == [3, 9, 18, 72]


def test_a_second_signal_ends_all_jobs_at_once(
    db: psycopg.Connection, dsn: str, engine: Engine, start: Start, episode: Episode
) -> None:
    source = str(episode())
    ids = [engine.request_duplication("episode", source) for _ in range(2)]
    block = value(db, "select min(id) from public.blocks")
    with Gate(dsn, "public.blocks", "orig_id", block) as gate:
        worker = start("worker", "--concurrency", "2", **LONG_CALLS)
        gate.wait_for(2)
        worker.send(signal.SIGINT)
        eventually(lambda: "Stopping" in worker.said, "the first signal was taken")
        worker.send(signal.SIGTERM)
        assert worker.wait() == 128 + signal.SIGTERM
        assert waiting_for_advisory_lock(db, gate.key), "nobody opened the gate"
        gate.open()
        start("worker", **PATIENT)
        wait_for_completion(engine, *ids)
    assert copied_rows(db) == [2, 6, 12, 48]


def test_a_worker_stops_while_the_queue_keeps_it_waiting_for_an_answer(start: Start, queue: Queue) -> None:
    """This one never answers, and boto3 would wait and ask again for longer than the test does."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"http://127.0.0.1:{mute.getsockname()[1]}"
        worker = start("worker", AWS_ENDPOINT_URL=address, DUPLICATION_QUEUE_URL=f"{address}/queue/jobs", **PATIENT)
        mute.settimeout(30)
        question, _ = mute.accept()
        with question:
            assert question.recv(1), "it has asked"
            worker.send(signal.SIGTERM)
            assert worker.wait() == 0
    assert "has stopped" in worker.said


@every_queue
def test_a_worker_that_is_too_big_ends_between_two_jobs(
    db: psycopg.Connection, engine: Engine, queue: RecordingQueue, start: Start, episode: Episode
) -> None:
    duplication = engine.request_duplication("episode", str(episode()))
    assert send_due(engine, queue) == 1
    worker = start("worker", "--concurrency", "2", DUPLICATION_MEMORY_MB="1", **PATIENT)
    assert worker.wait() == 0
    assert "more than 1 MB of memory and ends" in worker.said
    assert "has stopped" in worker.said
    assert value(db, "select count(*) from _duplication.attempts") == 0
    message = take(queue)
    assert (Job.parse(message.body).level, message.receive_count) == ("episodes", 1)
    queue.release(message)
    start("worker", DUPLICATION_MEMORY_MB="0", **PATIENT)
    wait_for_completion(engine, duplication)

"""SIGTERM and Ctrl-C end a worker at a batch's end; what it had in hand goes to another one at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest

from duplication.config import Settings
from duplication.engine import Engine
from duplication.jobs import Job
from duplication.signals import StopFlag
from duplication.worker.worker import Worker
from tests.driver.helpers import RecordingQueue, Start, runner, take, work_until_idle
from tests.support.aliases import Episode
from tests.support.calls import rows_done, set_batch_rows, value
from tests.support.faults import Gate, waiting_for_advisory_lock
from tests.support.waiting import DEADLINE, eventually

# A call returns at each batch's end; a message that is not given back stays away for longer than the test.
BATCHWISE = {"DUPLICATION_BUDGET_SECONDS": "0.001", "DUPLICATION_VISIBILITY_SECONDS": "600"}


@pytest.fixture
def gate_at_first_block(db: psycopg.Connection, dsn: str, engine: Engine, episode: Episode) -> Gate:
    source = str(episode(parts=2, items=2, blocks=10))
    set_batch_rows(db, 5)
    engine.request_duplication("episode", source)
    return Gate(dsn, "public.blocks", "orig_id", value(db, "select min(id) from public.blocks"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_stops_at_the_end_of_its_batch_and_releases_the_message(
    db: psycopg.Connection,
    dsn: str,
    engine: Engine,
    start: Start,
    queue: RecordingQueue,
    gate_at_first_block: Gate,
    number: signal.Signals,
) -> None:
    with gate_at_first_block as gate:
        worker = start("worker", **BATCHWISE)
        gate.wait_for()
        worker.send(number)
        eventually(lambda: "Stopping" in worker.said, "the signal was taken")
        gate.open()
        assert worker.wait() == 0
    (duplication,) = engine.list_duplications()
    assert 0 < rows_done(db, duplication.id, "blocks") < 40
    assert value(db, "select outcome from _duplication.attempts where level = 'blocks'") == "released"
    assert "has stopped" in worker.said
    message = take(queue, 0)
    assert Job.parse(message.body).level == "blocks"
    queue.release(message)
    work_until_idle(dsn, queue)
    assert list(engine.verify(duplication.id)) == []


def test_a_second_signal_ends_it_at_once(
    db: psycopg.Connection, dsn: str, start: Start, gate_at_first_block: Gate
) -> None:
    with gate_at_first_block as gate:
        worker = start("worker", **BATCHWISE)
        gate.wait_for()
        worker.send(signal.SIGTERM)
        eventually(lambda: "Stopping" in worker.said, "the first signal was taken")
        worker.send(signal.SIGTERM)
        assert worker.wait() == 128 + signal.SIGTERM
        assert waiting_for_advisory_lock(db, gate.key), "nobody opened the gate"


def test_a_worker_that_waits_for_jobs_stops_at_once(start: Start) -> None:
    worker = start("worker", DUPLICATION_POLL_SECONDS="1")
    eventually(lambda: "waits for jobs" in worker.said, "the worker has started")
    worker.send(signal.SIGTERM)
    assert worker.wait() == 0
    assert "has stopped" in worker.said


def test_a_message_that_comes_with_the_signal_is_released(
    engine: Engine, queue: RecordingQueue, episode: Episode
) -> None:
    engine.request_duplication("episode", str(episode()))
    worker = runner(engine, queue)
    worker.dispatch()
    worker.stop.request()
    worker.handle(take(queue))
    assert queue.settled == [("released", 0)]


@pytest.fixture
def working(dsn: str, queue: RecordingQueue) -> Iterator[Callable[[], StopFlag]]:
    """Starts a worker in this process, and returns what stops it; it has ended when the test has."""
    stops: list[tuple[StopFlag, threading.Thread]] = []

    def start() -> StopFlag:
        stop = StopFlag()
        settings = Settings(poll_seconds=1, visibility_seconds=600, memory_mb=0)
        thread = threading.Thread(target=Worker(lambda: Engine.connect(dsn), queue, settings, stop).run)
        thread.start()
        stops.append((stop, thread))
        return stop

    yield start
    for stop, thread in stops:
        stop.request()
        thread.join(DEADLINE)


def test_a_message_that_is_dealt_with_is_deleted_soon(
    engine: Engine, queue: RecordingQueue, episode: Episode, working: Callable[[], StopFlag]
) -> None:
    engine.request_duplication("episode", str(episode()))
    working()
    eventually(lambda: queue.settled == [("deleted", 0)], "it is deleted while the worker waits for more")


def test_a_worker_that_ends_deletes_what_it_has_dealt_with(
    engine: Engine,
    queue: RecordingQueue,
    episode: Episode,
    working: Callable[[], StopFlag],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("duplication.worker.dispatcher.POLL_SECONDS", 600)
    duplication = engine.request_duplication("episode", str(episode()))
    stop = working()
    eventually(lambda: engine.find_duplication(duplication).status == "completed", "it is copied")
    assert queue.settled == []
    stop.request()
    eventually(lambda: queue.settled == [("deleted", 0)], "it is deleted")

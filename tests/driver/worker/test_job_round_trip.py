"""A request becomes a job, and the job becomes the next, until the copy is complete."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import psycopg
import pytest

from duplication.config import Settings
from duplication.engine import Engine
from duplication.queue import Message, Queue, QueueError
from tests.driver.helpers import Command, RecordingQueue, every_queue, runner, take, work_until_idle
from tests.support.aliases import Episode
from tests.support.calls import rows_done, set_batch_rows, value
from tests.support.faults import Gate
from tests.support.waiting import Background, eventually

IMPATIENT = Settings.model_construct(poll_seconds=0, budget_seconds=0.000001)
LEVELS = ["episodes", "parts", "items", "blocks"]


@every_queue
def test_a_request_is_copied_by_a_worker_and_equals_its_source(
    dsn: str, engine: Engine, queue: Queue, episode: Episode
) -> None:
    duplication = engine.request_duplication("episode", str(episode()))
    work_until_idle(dsn, queue)
    found = engine.find_duplication(duplication)
    assert (found.status, found.driven_by) == ("completed", "queue")
    assert list(engine.verify(duplication)) == []
    assert queue.receive(0, 1) is None


@every_queue
def test_the_jobs_of_one_duplication_may_go_to_different_workers(
    db: psycopg.Connection, dsn: str, queue: RecordingQueue, episode: Episode
) -> None:
    with Engine.connect(dsn) as one, Engine.connect(dsn) as other:
        workers = [runner(one, queue, "one"), runner(other, queue, "other")] * 2
        duplication = one.request_duplication("episode", str(episode()))
        assert workers[0].dispatch() == 1
        for worker in workers:
            worker.handle(take(queue))
        assert list(one.verify(duplication)) == []
    assert queue.sent == LEVELS
    assert queue.settled == [("deleted", 0)] * 4
    assert db.execute("select level, worker, outcome from _duplication.attempts order by id").fetchall() == [
        ("episodes", "one", "done"),
        ("parts", "other", "done"),
        ("items", "one", "done"),
        ("blocks", "other", "done"),
    ]


def test_two_workers_at_once_finish_many_duplications(
    db: psycopg.Connection, dsn: str, engine: Engine, queue: Queue, episode: Episode
) -> None:
    set_batch_rows(db, 5)
    source = episode()
    ids = [engine.request_duplication("episode", str(source)) for _ in range(4)]
    workers = [Background(work_until_idle, dsn, queue) for _ in range(2)]
    for worker in workers:
        worker.result()
    work_until_idle(dsn, queue)
    assert {engine.find_duplication(id_).status for id_ in ids} == {"completed"}
    assert [list(engine.verify(id_)) for id_ in ids] == [[]] * 4


def test_a_request_by_a_plain_select_is_sent_by_a_worker(
    db: psycopg.Connection, dsn: str, queue: RecordingQueue, episode: Episode
) -> None:
    duplication = value(db, "select duplication.request_duplication('episode', %s)", str(episode()))
    work_until_idle(dsn, queue)
    assert queue.sent == LEVELS
    assert value(db, "select status from duplication.episode_duplications where id = %s", duplication) == "completed"


def test_a_request_that_is_rolled_back_sends_nothing(db: psycopg.Connection, dsn: str, queue: RecordingQueue) -> None:
    source = value(db, "insert into public.episodes (title) values ('Pilot') returning id")
    with db.transaction(force_rollback=True):
        db.execute("select duplication.request_duplication('episode', %s)", (str(source),))
    work_until_idle(dsn, queue)
    assert queue.sent == []


def test_a_request_is_sent_while_a_worker_is_busy_with_another(
    db: psycopg.Connection,
    dsn: str,
    engine: Engine,
    start: Callable[..., Command],
    queue: RecordingQueue,
    episode: Episode,
) -> None:
    """A long level does not keep other workers from what comes in meanwhile."""
    source = str(episode())
    engine.request_duplication("episode", source)
    with Gate(dsn, "public.blocks", "orig_id", value(db, "select min(id) from public.blocks")) as gate:
        worker = start("worker")
        gate.wait_for()
        later = engine.request_duplication("episode", source)
        eventually(lambda: engine.find_duplication(later).dispatched_at is not None, "the request is sent")
        gate.open()
        eventually(lambda: engine.find_duplication(later).status == "completed", "it is copied")
        assert worker.process.poll() is None


def test_a_failure_to_send_leaves_the_request_due(engine: Engine, queue: RecordingQueue, episode: Episode) -> None:
    duplication = engine.request_duplication("episode", str(episode()))
    worker = runner(engine, queue)
    queue.refused = {"send"}
    with pytest.raises(QueueError):
        worker.dispatch()
    assert engine.find_duplication(duplication).dispatched_at is None
    queue.refused = set()
    assert worker.dispatch() == 1
    assert worker.dispatch() == 0


def test_a_level_whose_next_job_cannot_be_sent_is_taken_up_again(
    db: psycopg.Connection, dsn: str, engine: Engine, queue: RecordingQueue, episode: Episode
) -> None:
    duplication = engine.request_duplication("episode", str(episode()))
    worker = runner(engine, queue)
    worker.dispatch()
    message = take(queue)
    queue.refused = {"send"}
    with pytest.raises(QueueError):
        worker.handle(message)
    assert queue.settled == []
    assert value(db, "select outcome from _duplication.attempts") == "done"
    queue.refused = set()
    queue.delete(message)
    work_until_idle(dsn, queue)
    assert rows_done(db, duplication, "episodes") == 1
    assert list(engine.verify(duplication)) == []


def test_with_once_each_message_is_deleted_when_it_is_dealt_with(
    dsn: str, engine: Engine, queue: RecordingQueue, episode: Episode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no dispatcher that would do it, and the next job may take long."""
    engine.request_duplication("episode", str(episode(parts=1, items=1, blocks=1)))
    deleted: list[int] = []
    delete_all = queue.delete_all

    def count(messages: Sequence[Message]) -> None:
        deleted.append(len(messages))
        delete_all(messages)

    monkeypatch.setattr(queue, "delete_all", count)
    work_until_idle(dsn, queue)
    assert [number for number in deleted if number] == [1] * 4

"""A queue may deliver a message twice, late, or out of order: the copy is made once all the same."""

from __future__ import annotations

import psycopg
import pytest
from botocore.stub import Stubber

from duplication.config import Settings
from duplication.engine import Engine
from duplication.jobs import Job
from duplication.queue import QueueError
from tests.driver.helpers import RecordingQueue, every_queue, runner, take, work_until_idle
from tests.support.aliases import Episode
from tests.support.calls import set_batch_rows, value

LEVELS = ["episodes", "parts", "items", "blocks"]


def copied_rows(db: psycopg.Connection) -> list[int]:
    return [value(db, f"select count(*) from public.{level} where orig_id is not null") for level in LEVELS]


@every_queue
def test_jobs_that_are_sent_many_times_copy_once(
    db: psycopg.Connection, dsn: str, engine: Engine, queue: RecordingQueue, episode: Episode
) -> None:
    duplication = engine.request_duplication("episode", str(episode(parts=2, items=2, blocks=3)))
    for _ in range(3):
        queue.send(Job(engine.find_installation(), duplication, "episodes"))
    work_until_idle(dsn, queue)
    assert copied_rows(db) == [1, 2, 4, 12]
    assert list(engine.verify(duplication)) == []
    assert queue.receive(0, 1) is None


def test_a_job_of_a_completed_duplication_does_nothing_and_is_deleted(
    db: psycopg.Connection, dsn: str, engine: Engine, queue: RecordingQueue, episode: Episode
) -> None:
    duplication = engine.request_duplication("episode", str(episode(parts=2, items=2, blocks=3)))
    work_until_idle(dsn, queue)
    for level in LEVELS:
        queue.send(Job(engine.find_installation(), duplication, level))
    work_until_idle(dsn, queue)
    assert copied_rows(db) == [1, 2, 4, 12]
    assert engine.find_duplication(duplication).status == "completed"
    assert queue.receive(0, 1) is None


def test_a_job_that_comes_before_its_predecessor_is_dropped(
    db: psycopg.Connection, engine: Engine, queue: RecordingQueue, episode: Episode
) -> None:
    """It is sent when its turn comes."""
    duplication = engine.request_duplication("episode", str(episode()))
    queue.send(Job(engine.find_installation(), duplication, "items"))
    runner(engine, queue).handle(take(queue))
    assert queue.settled == [("deleted", 0)]
    assert engine.find_duplication(duplication).status == "pending"
    assert db.execute("select outcome, reason from _duplication.attempts").fetchall() == [
        ("stopped", f"duplication {duplication} is still at level episodes")
    ]


def test_a_message_that_two_workers_have_is_worked_on_by_both(
    db: psycopg.Connection, dsn: str, engine: Engine, queue: RecordingQueue, episode: Episode
) -> None:
    """Its time was over before it was settled, and it was delivered again."""
    duplication = engine.request_duplication("episode", str(episode(parts=2, items=2, blocks=3)))
    worker = runner(engine, queue)
    worker.dispatch()
    first, second = take(queue, 0), take(queue)
    assert first.id == second.id
    worker.handle(first)
    worker.handle(second)
    work_until_idle(dsn, queue)
    assert copied_rows(db) == [1, 2, 4, 12]
    assert list(engine.verify(duplication)) == []


def test_a_message_whose_time_could_not_be_extended_is_not_deleted(
    db: psycopg.Connection, engine: Engine, queue: RecordingQueue, episode: Episode
) -> None:
    """Another worker may have it by then: it is that one's to delete."""
    engine.request_duplication("episode", str(episode()))
    set_batch_rows(db, 2)
    worker = runner(engine, queue, settings=Settings.model_construct(poll_seconds=0, budget_seconds=0.000001))
    worker.dispatch()
    message = take(queue)
    queue.refused = {"extend"}
    worker.handle(message)
    assert queue.settled == []
    assert queue.sent == ["episodes", "parts"]
    assert value(db, "select outcome from _duplication.attempts") == "done"


def test_a_receipt_that_has_expired_is_not_deleted_either(
    db: psycopg.Connection, engine: Engine, queue: RecordingQueue, episode: Episode
) -> None:
    """The same, told by AWS."""
    duplication = engine.request_duplication("episode", str(episode(parts=1, items=1, blocks=1)))
    set_batch_rows(db, 1)
    worker = runner(engine, queue, settings=Settings.model_construct(poll_seconds=0, budget_seconds=0.000001))
    worker.dispatch()
    message = take(queue)
    with Stubber(queue._client) as stub:
        for _ in range(20):
            stub.add_client_error("change_message_visibility", "MessageNotInflight", http_status_code=400)
        # The next job cannot be sent meanwhile, since the stub answers nothing else.
        queue.refused = {"send"}
        with pytest.raises(QueueError):
            worker.handle(message)
    assert queue.settled == []
    assert engine.find_duplication(duplication).status == "in_progress"
    assert value(db, "select outcome from _duplication.attempts") == "done"
    assert engine.find_duplication(duplication).dispatched_at is None


def test_a_message_that_cannot_be_settled_comes_again_and_does_no_harm(
    db: psycopg.Connection, dsn: str, engine: Engine, queue: RecordingQueue, episode: Episode
) -> None:
    duplication = engine.request_duplication("episode", str(episode(parts=2, items=2, blocks=3)))
    worker = runner(engine, queue)
    worker.dispatch()
    message = take(queue)
    queue.refused = {"delete"}
    worker.handle(message)
    queue.refused = set()
    queue.release(message)
    work_until_idle(dsn, queue)
    assert copied_rows(db) == [1, 2, 4, 12]
    assert list(engine.verify(duplication)) == []

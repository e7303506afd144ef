"""What a worker does not understand, or what is not its own, it neither does nor deletes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psycopg
import pytest

from duplication.config import Settings
from duplication.engine import Engine
from duplication.jobs import InvalidJob, Job
from duplication.queue import MAX_RECEIVES, Queue
from tests.driver.helpers import RecordingQueue, every_queue, runner, take, work_until_idle
from tests.support.aliases import Episode
from tests.support.calls import value

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

HERE = "3f2b8c1e-0d4a-4a57-9a57-6f1d2c3b4a59"
GOOD: dict[str, object] = {"installation": HERE, "duplication_id": 1, "level": "parts"}
AT_ONCE = Settings.model_construct(poll_seconds=0, visibility_seconds=0)
NOT_JOBS = {
    "not JSON": "parts of 1",
    "nothing": "",
    "deeper than anybody reads": "[" * 100_000,
    "not an object": "[1]",
    "a field missing": json.dumps({"installation": HERE, "level": "parts"}),
    "a field more": json.dumps(GOOD | {"until": "noon"}),
    "an id that is text": json.dumps(GOOD | {"duplication_id": "1"}),
    "an id that is true": json.dumps(GOOD | {"duplication_id": True}),
    "an id that is zero": json.dumps(GOOD | {"duplication_id": 0}),
    "an id beyond bigint": json.dumps(GOOD | {"duplication_id": 2**63}),
    "an id that is a fraction": json.dumps(GOOD | {"duplication_id": 1.5}),
    "a level that is a number": json.dumps(GOOD | {"level": 1}),
    "an empty level": json.dumps(GOOD | {"level": ""}),
    "an installation that is no uuid": json.dumps(GOOD | {"installation": "here"}),
    "an installation in braces": json.dumps(GOOD | {"installation": f"{{{HERE}}}"}),
}


@pytest.mark.parametrize("body", NOT_JOBS.values(), ids=NOT_JOBS.keys())
def test_a_body_that_is_no_job_is_recognised(body: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        Job.parse(body)
    assert caught.value.message


def test_a_body_that_is_a_job_is_read_as_it_was_written() -> None:
    job = Job(HERE, 2**63 - 1, "a level's name, «ж»")
    assert Job.parse(job.to_body()) == job
    assert Job.parse(json.dumps(GOOD | {"installation": HERE.upper()})).installation == HERE


@every_queue
def test_a_message_that_cannot_be_read_becomes_a_dead_letter(
    db: psycopg.Connection, engine: Engine, client: SQSClient, queue: RecordingQueue, dead_letters: Queue
) -> None:
    client.send_message(QueueUrl=queue.url, MessageBody="no job")
    worker = runner(engine, queue, settings=AT_ONCE)
    deliveries = 0
    while (message := queue.receive(0, 0)) is not None:
        deliveries += 1
        worker.handle(message)
    assert deliveries == MAX_RECEIVES
    assert queue.settled == []
    assert take(dead_letters).body == "no job"
    assert value(db, "select count(*) from _duplication.attempts") == 0


@every_queue
def test_a_message_of_another_installation_is_left_to_its_workers(
    db: psycopg.Connection, engine: Engine, queue: RecordingQueue, episode: Episode
) -> None:
    duplication = engine.request_duplication("episode", str(episode()))
    queue.send(Job(HERE, duplication, "episodes"))
    worker = runner(engine, queue, settings=AT_ONCE)
    worker.handle(take(queue, 0))
    assert queue.settled == []
    assert engine.find_duplication(duplication).status == "pending"
    assert Job.parse(take(queue).body).installation == HERE


def test_what_is_left_alone_does_not_keep_a_worker_from_the_rest(
    client: SQSClient, dsn: str, engine: Engine, queue: RecordingQueue, episode: Episode
) -> None:
    client.send_message(QueueUrl=queue.url, MessageBody="no job")
    queue.send(Job(HERE, 1, "episodes"))
    duplication = engine.request_duplication("episode", str(episode()))
    work_until_idle(dsn, queue)
    assert engine.find_duplication(duplication).status == "completed"


@pytest.mark.parametrize(("later", "level"), [(1000, "episodes"), (0, "chapters")], ids=["duplication", "level"])
def test_a_job_that_the_database_does_not_know_is_left_for_a_person(
    engine: Engine, queue: RecordingQueue, episode: Episode, later: int, level: str
) -> None:
    """Such as one from a time before the database was restored."""
    known = engine.request_duplication("episode", str(episode()))
    queue.send(Job(engine.find_installation(), known + later, level))
    runner(engine, queue).handle(take(queue))
    assert queue.settled == []
    assert engine.find_duplication(known).status == "pending"

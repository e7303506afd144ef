"""What the queue has given up on is listed, explained, sent again or deleted: by a person, never by a worker."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import psycopg
import pytest

from duplication.cli.copying import copy_levels
from duplication.engine import Engine
from duplication.jobs import Job
from duplication.queue import Message, Queue, QueueError
from duplication.worker.dead_letters import open_letters, settle_letters
from duplication.worker.sessions import Sessions
from tests.driver.helpers import Command, RecordingQueue, Run, document, every_queue, take, work_until_idle
from tests.support.aliases import Episode
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

ELSEWHERE = "3f2b8c1e-0d4a-4a57-9a57-6f1d2c3b4a59"


def copied(engine: Engine, source: str) -> int:
    duplication = engine.open_duplication("episode", source)
    copy_levels(Sessions([engine], None), duplication, lambda _: None)
    return duplication


@pytest.fixture
def letters(db: psycopg.Connection, engine: Engine, dead_letters: Queue, episode: Episode) -> dict[str, str]:
    """A dead letter of each kind, with what is to be said of it."""
    here = engine.find_installation()
    source = str(episode(parts=1, items=1, blocks=1))
    done = copied(engine, source)
    ready, cancelled, waits = (engine.request_duplication("episode", source) for _ in range(3))
    engine.cancel(cancelled)
    engine.begin_attempt(waits, "episodes", "m", "w", cpu_percent=91)
    kinds = {
        "no job": "no job that this version can read: The message is not JSON",
        Job(ELSEWHERE, ready, "episodes").to_body(): f"a job of another installation, {ELSEWHERE}",
        Job(here, 10**9, "episodes").to_body(): "there is no duplication 1000000000 in this database",
        Job(here, ready, "chapters").to_body(): f"duplication {ready} has no level chapters",
        Job(here, done, "parts").to_body(): f"nothing to do: duplication {done} is completed",
        Job(here, cancelled, "episodes").to_body(): f"nothing to do: duplication {cancelled} is cancelled",
        Job(here, waits, "episodes").to_body(): "waiting: CPU 91 % > 80 %",
        Job(here, ready, "episodes").to_body(): f"it can be copied: duplication {ready} is pending",
    }
    for body in kinds:
        dead_letters.send_body(body)
    return kinds


@every_queue
def test_they_are_listed_and_explained(run: Run, letters: dict[str, str]) -> None:
    for _ in range(2):  # looking changes nothing
        found = document(run("dead-letters", "--json"))
        assert {letter["body"]: letter["explanation"] for letter in found} == letters
    said = run("dead-letters").output
    assert all(explanation in said for explanation in letters.values())


@every_queue
def test_one_that_is_sent_again_is_done(
    run: Run, dsn: str, engine: Engine, queue: RecordingQueue, letters: dict[str, str]
) -> None:
    found = document(run("dead-letters", "--json"))
    (chosen,) = [letter for letter in found if letter["explanation"].startswith("it can be copied")]
    job = Job.parse(chosen["body"])

    assert run("dead-letters", "send", chosen["id"]).output == "1 sent again\n"

    assert len(document(run("dead-letters", "--json"))) == len(letters) - 1
    assert take(queue, 0).body == chosen["body"]
    work_until_idle(dsn, queue)
    assert engine.find_duplication(job.duplication_id).status == "completed"


@every_queue
def test_they_are_deleted_when_a_person_says_so(run: Run, queue: RecordingQueue, letters: dict[str, str]) -> None:
    assert run("dead-letters", "delete", "--all").output == f"{len(letters)} deleted\n"

    assert run("dead-letters").output == "No dead letters\n"
    assert queue.receive(0, 1) is None


def test_none_is_lost_when_the_queue_takes_nothing(
    queue: RecordingQueue, dead_letters: Queue, letters: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(body: str) -> None:
        raise QueueError(f"no send today: {body}")

    monkeypatch.setattr(queue, "send_body", refuse)
    with pytest.raises(QueueError):
        settle_letters(dead_letters, queue, None)

    with open_letters(dead_letters) as found:
        assert {message.body for message in found} == set(letters)


def test_one_that_is_sent_and_cannot_be_deleted_is_done_once(
    dsn: str,
    engine: Engine,
    queue: RecordingQueue,
    dead_letters: Queue,
    episode: Episode,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    duplication = engine.request_duplication("episode", str(episode()))
    body = Job(engine.find_installation(), duplication, "episodes").to_body()
    dead_letters.send_body(body)

    def refuse(message: Message) -> None:
        raise QueueError(f"no delete today: {message.id}")

    with monkeypatch.context() as patch:
        patch.setattr(dead_letters, "delete", refuse)
        with pytest.raises(QueueError):
            settle_letters(dead_letters, queue, None)
    assert len(settle_letters(dead_letters, queue, None)) == 1, "it was still there"

    work_until_idle(dsn, queue)
    assert engine.find_duplication(duplication).status == "completed"
    assert list(engine.verify(duplication)) == []
    assert [level.rows_copied for level in engine.list_progress(duplication)] == [1, 3, 6, 24]


@every_queue
def test_what_a_running_worker_cannot_read_it_leaves_until_it_is_dead(
    engine: Engine,
    client: SQSClient,
    queue: RecordingQueue,
    dead_letters: Queue,
    start: Callable[..., Command],
    episode: Episode,
) -> None:
    arn = client.get_queue_attributes(QueueUrl=dead_letters.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    client.set_queue_attributes(QueueUrl=queue.url, Attributes={"RedrivePolicy": policy})
    queue.send_body("no job")
    duplication = engine.request_duplication("episode", str(episode()))
    worker = start("worker", DUPLICATION_VISIBILITY_SECONDS="1")

    dead = eventually(lambda: dead_letters.receive(0, 30), "it is a dead letter")

    assert dead.body == "no job"
    assert worker.said.count(f"Message {dead.id} left in the queue: The message is not JSON") == 2
    eventually(lambda: engine.find_duplication(duplication).status == "completed", "it kept nobody from work")


def test_bad_input_is_refused(run: Run, letters: dict[str, str]) -> None:
    assert "Give the ids of messages, or --all" in run("dead-letters", "send", code=2).output
    assert "Give the ids of messages, or --all" in run("dead-letters", "delete", "x", "--all", code=2).output
    assert "There is no dead letter nowhere" in run("dead-letters", "send", "nowhere", code=2).output
    assert len(document(run("dead-letters", "--json"))) == len(letters)


def test_a_queue_without_dead_letters_says_how_to_get_them(run: Run, client: SQSClient, queue: Queue) -> None:
    bare = client.create_queue(QueueName=queue.url.rsplit("/", 1)[1] + "_bare")["QueueUrl"]

    refused = run("--queue-url", bare, "dead-letters", code=1)

    assert "The queue has no dead-letter queue" in refused.stderr
    assert "`duplication queue create`" in refused.stderr

"""The queue: what is sent comes, what is taken is hidden, what is deleted is gone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import Stubber

from duplication.jobs import Job
from duplication.queue import MAX_RECEIVES, DoneMessages, Message, Queue, QueueError, create_queues
from tests.driver.helpers import RecordingQueue, every_queue, take

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

JOB = Job("3f2b8c1e-0d4a-4a57-9a57-6f1d2c3b4a59", 7, "parts")


def get_attributes(client: SQSClient, url: str) -> Mapping[str, str]:
    found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    return {str(name): value for name, value in found["Attributes"].items()}


@every_queue
def test_a_job_that_is_sent_is_received(queue: Queue) -> None:
    queue.send(JOB)
    message = take(queue)
    assert Job.parse(message.body) == JOB
    assert message.receive_count == 1


@every_queue
def test_a_message_that_is_taken_is_hidden_until_it_is_released(queue: Queue) -> None:
    queue.send(JOB)
    first = take(queue)
    assert queue.receive(0, 30) is None
    queue.release(first)
    second = take(queue)
    assert (second.id, second.receive_count) == (first.id, 2)


def test_a_message_whose_time_is_extended_stays_hidden(queue: Queue) -> None:
    queue.send(JOB)
    message = take(queue, 1)
    queue.extend(message, 30)
    assert queue.receive(2, 30) is None, "the queue was watched for longer than the first time"


@every_queue
def test_a_message_that_is_deleted_does_not_come_again(queue: Queue) -> None:
    queue.send(JOB)
    message = take(queue, 0)
    queue.delete(message)
    assert queue.receive(0, 30) is None


@every_queue
def test_jobs_sent_together_are_received_each_with_what_it_carries(queue: Queue) -> None:
    jobs = [(Job(JOB.installation, number, "parts"), {"traceparent": f"trace {number}"}) for number in range(1, 13)]
    queue.send_all(jobs)
    received = [take(queue) for _ in jobs]
    assert sorted((Job.parse(message.body).duplication_id, message.attributes) for message in received) == [
        (job.duplication_id, carried) for job, carried in jobs
    ]
    assert queue.receive(0, 30) is None


@every_queue
def test_done_messages_are_deleted_ten_at_a_time_or_on_demand(queue: RecordingQueue) -> None:
    queue.send_all([(JOB, {})] * 12)
    done = DoneMessages(queue)
    for expected in [0] * 9 + [10] * 3:
        done.add(take(queue))
        assert len(queue.settled) == expected
    done.delete()
    assert len(queue.settled) == 12
    assert queue.receive(0, 30) is None


def test_of_messages_that_could_not_be_deleted_it_is_told(
    queue: RecordingQueue, caplog: pytest.LogCaptureFixture
) -> None:
    done = DoneMessages(queue)
    queue.send(JOB)
    message = take(queue)
    done.add(message)
    queue.refused = {"delete"}
    done.delete()
    assert message.id in caplog.text


@pytest.mark.parametrize("action", ["send_message_batch", "delete_message_batch"])
def test_a_queue_that_refuses_some_of_a_request_is_an_error(queue: Queue, action: str) -> None:
    message = Message("m-1", "receipt", "body", 1)
    refused = {"Id": "1", "Code": "InternalError", "SenderFault": False}
    with Stubber(queue._client) as stub:
        stub.add_response(action, {"Successful": [], "Failed": [refused]})
        with pytest.raises(QueueError, match="InternalError"):
            queue.send_all([(JOB, {})]) if action.startswith("send") else queue.delete_all([message])


def test_after_a_refused_request_the_next_one_is_made(queue: Queue) -> None:
    messages = [Message(f"m-{number}", "receipt", "body", 1) for number in range(12)]
    refused = {"Id": "1", "Code": "InternalError", "SenderFault": False}
    with Stubber(queue._client) as stub:
        stub.add_response("delete_message_batch", {"Successful": [], "Failed": [refused]})
        stub.add_response("delete_message_batch", {"Successful": [], "Failed": []})
        with pytest.raises(QueueError, match="InternalError"):
            queue.delete_all(messages)
        stub.assert_no_pending_responses()


@every_queue
def test_creating_queues_again_brings_them_to_the_settings(queue: Queue, client: SQSClient) -> None:
    name = queue.url.rsplit("/", 1)[1]
    dead_arn = get_attributes(client, f"{queue.url}_dead")["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 3})
    client.set_queue_attributes(QueueUrl=f"{queue.url}_dead", Attributes={"MessageRetentionPeriod": "60"})
    client.set_queue_attributes(QueueUrl=queue.url, Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "7"})
    assert create_queues(name, client) == queue.url
    found = get_attributes(client, queue.url)
    redrive = json.loads(found["RedrivePolicy"])
    assert (redrive["deadLetterTargetArn"], int(redrive["maxReceiveCount"])) == (dead_arn, MAX_RECEIVES)
    assert found["VisibilityTimeout"] == "7", "what is not ours to set stays"
    assert get_attributes(client, f"{queue.url}_dead")["MessageRetentionPeriod"] == str(14 * 24 * 3600)


@every_queue
def test_a_queue_that_does_not_exist_is_an_error_of_ours(client: SQSClient, queue: Queue) -> None:
    missing = Queue(f"{queue.url}_not", client)
    with pytest.raises(QueueError) as caught:
        missing.receive(0, 30)
    assert caught.value.hint


def test_a_queue_that_cannot_be_reached_is_an_error_of_ours(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(QueueError, match="Could not send to the queue"):
        Queue("http://127.0.0.1:1/queue/jobs", boto3.Session().client("sqs")).send(JOB)


def test_a_region_that_is_not_set_is_an_error_of_ours(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(QueueError, match="region"):
        Queue("http://127.0.0.1:1/queue/jobs")


def test_an_expired_receipt_is_an_error_of_ours(client: SQSClient, queue: Queue) -> None:
    """What AWS answers and no local server does."""
    queue.send(JOB)
    message = take(queue)
    with Stubber(client) as stub:
        stub.add_client_error("change_message_visibility", "MessageNotInflight", http_status_code=400)
        with pytest.raises(QueueError, match="MessageNotInflight"):
            queue.extend(message, 30)

"""The queue of jobs: SQS, or anything that speaks its protocol."""

import json
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from duplication.config import MAX_CONCURRENCY
from duplication.errors import DuplicationError
from duplication.jobs import Job

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType
    from mypy_boto3_sqs.type_defs import BatchResultErrorEntryTypeDef, MessageAttributeValueTypeDef

logger = logging.getLogger("duplication")

MAX_RECEIVES = 10
MAX_MESSAGES = 10
"""So many messages fit a request."""
CARRIED = ("traceparent", "tracestate")
"""The message attributes that are read: the trace's, as W3C names them."""


class QueueError(DuplicationError):
    """The queue could not be reached, or refused."""


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery of one message."""

    id: str
    receipt: str
    body: str
    receive_count: int
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What it carries besides: of which trace it is."""


class Queue:
    """A queue of jobs. Every method raises QueueError."""

    def __init__(self, url: str, client: "SQSClient | None" = None) -> None:
        self.url = url
        self._client = client or connect_client()

    def receive(self, wait_seconds: int, visibility_seconds: int) -> Message | None:
        """Take a message, waiting for one if need be.

        Parameters: wait_seconds, at most; visibility_seconds, how long nobody else shall get the message.
        Returns the message, or None when there is none.
        """
        with translated_errors("receive from"):
            answer = self._client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=1,
                WaitTimeSeconds=wait_seconds,
                VisibilityTimeout=visibility_seconds,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
                MessageAttributeNames=list(CARRIED),
            )
        for message in answer.get("Messages", []):
            count = message.get("Attributes", {}).get("ApproximateReceiveCount", "1")
            given = message.get("MessageAttributes", {})
            carried = {name: given[name].get("StringValue", "") for name in CARRIED if name in given}
            return Message(message["MessageId"], message["ReceiptHandle"], message["Body"], int(count), carried)
        return None

    def send(self, job: Job, attributes: Mapping[str, str] | None = None) -> None:
        """Send a job. Parameters: attributes, what its message carries besides."""
        self.send_body(job.to_body(), attributes)

    def send_body(self, body: str, attributes: Mapping[str, str] | None = None) -> None:
        """Send a message, whatever it says."""
        with translated_errors("send to"):
            self._client.send_message(
                QueueUrl=self.url, MessageBody=body, MessageAttributes=to_message_attributes(attributes or {})
            )

    def send_all(self, jobs: Sequence[tuple[Job, Mapping[str, str]]]) -> None:
        """Send jobs, each with what its message carries besides. When it raises, some may have been sent."""
        for first in range(0, len(jobs), MAX_MESSAGES):
            with translated_errors("send to"):
                answer = self._client.send_message_batch(
                    QueueUrl=self.url,
                    Entries=[
                        {
                            "Id": str(number),
                            "MessageBody": job.to_body(),
                            "MessageAttributes": to_message_attributes(attributes),
                        }
                        for number, (job, attributes) in enumerate(jobs[first : first + MAX_MESSAGES])
                    ],
                )
            check_answer("send to", answer.get("Failed", []))

    def count_messages(self) -> int:
        """Return about how many messages there are that nobody has in work."""
        name: QueueAttributeNameType = "ApproximateNumberOfMessages"
        with translated_errors("count the messages of"):
            answer = self._client.get_queue_attributes(QueueUrl=self.url, AttributeNames=[name])
            return int(answer["Attributes"][name])

    def extend(self, message: Message, seconds: int) -> None:
        """Keep a message from others for so many seconds from now."""
        with translated_errors("keep a message of"):
            self._client.change_message_visibility(
                QueueUrl=self.url, ReceiptHandle=message.receipt, VisibilityTimeout=seconds
            )

    def release(self, message: Message, delay_seconds: int = 0) -> None:
        """Give a message back, to be delivered again after a delay."""
        self.extend(message, delay_seconds)

    def delete(self, message: Message) -> None:
        """Remove a message that is dealt with."""
        with translated_errors("delete from"):
            self._client.delete_message(QueueUrl=self.url, ReceiptHandle=message.receipt)

    def delete_all(self, messages: Sequence[Message]) -> None:
        """Remove messages that are dealt with. When it raises, some may be gone."""
        failed: list[BatchResultErrorEntryTypeDef] = []
        for first in range(0, len(messages), MAX_MESSAGES):
            with translated_errors("delete from"):
                answer = self._client.delete_message_batch(
                    QueueUrl=self.url,
                    Entries=[
                        {"Id": str(number), "ReceiptHandle": message.receipt}
                        for number, message in enumerate(messages[first : first + MAX_MESSAGES])
                    ],
                )
            failed += answer.get("Failed", [])
        check_answer("delete from", failed)

    def find_dead_letters(self) -> "Queue":
        """Return the queue of this one's dead letters. Raises QueueError, also when it has none."""
        with translated_errors("find the dead letters of"):
            attributes = self._client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["RedrivePolicy"])
            policy = json.loads(attributes.get("Attributes", {}).get("RedrivePolicy", "{}"))
            if "deadLetterTargetArn" not in policy:
                raise QueueError(
                    "The queue has no dead-letter queue",
                    hint="`duplication queue create` gives it one, with the policy that moves messages there",
                )
            name = policy["deadLetterTargetArn"].rpartition(":")[2]
            return Queue(self._client.get_queue_url(QueueName=name)["QueueUrl"], self._client)


class DoneMessages:
    """Messages that are dealt with, deleted several at a time: a request takes as long as a fourteenth of a small copy.

    Used by several threads. A message whose deletion comes too late, or fails, is delivered again, which is harmless.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._lock = threading.Lock()
        self._messages: list[Message] = []

    def add(self, message: Message) -> None:
        """Have a message deleted when there are enough for a request, or somebody calls delete()."""
        with self._lock:
            self._messages.append(message)
            is_full = len(self._messages) >= MAX_MESSAGES
        if is_full:
            self.delete()

    def delete(self) -> None:
        """Delete those that there are."""
        with self._lock:
            messages, self._messages = self._messages, []
        try:
            self._queue.delete_all(messages)
        except QueueError as error:
            ids = ", ".join(message.id for message in messages)
            logger.warning("Messages may be delivered again: %s (%s)", error.message, ids)


def create_queues(name: str, client: "SQSClient | None" = None) -> str:
    """Create a queue and its dead-letter queue, or bring existing ones to the same settings.

    Parameters: name, of the queue; the dead letters' is <name>_dead.
    Returns the queue's URL. Raises QueueError.
    """
    client = client or connect_client()
    with translated_errors("create"):
        dead_url = client.create_queue(QueueName=f"{name}_dead")["QueueUrl"]
        dead = client.get_queue_attributes(QueueUrl=dead_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        url = client.create_queue(QueueName=name)["QueueUrl"]
        policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": MAX_RECEIVES})
        attributes: dict[QueueAttributeNameType, str] = {"RedrivePolicy": policy}
        # Set, not passed to create_queue: that refuses a queue which exists with other attributes.
        client.set_queue_attributes(QueueUrl=url, Attributes=attributes)
        # Dead letters are for people, who need the longest time there is: 14 days.
        client.set_queue_attributes(QueueUrl=dead_url, Attributes={"MessageRetentionPeriod": "1209600"})
    return url


def connect_client() -> "SQSClient":
    """Return an SQS client, with the endpoint, region and credentials of boto3's own variables."""
    with translated_errors("connect to"):
        config = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "max_attempts": 3},
            # each slot for a job, and the dispatcher
            max_pool_connections=MAX_CONCURRENCY + 1,
        )
        return boto3.client("sqs", config=config)


def to_message_attributes(attributes: Mapping[str, str]) -> "dict[str, MessageAttributeValueTypeDef]":
    """Return attributes as SQS takes them."""
    return {name: {"DataType": "String", "StringValue": text} for name, text in attributes.items()}


def check_answer(action: str, failed: "Sequence[BatchResultErrorEntryTypeDef]") -> None:
    """Raise QueueError if a request failed for some of its messages."""
    if failed:
        raise QueueError(f"Could not {action} the queue: {failed[0]['Code']}: {failed[0].get('Message', '')}")


@contextmanager
def translated_errors(action: str) -> Iterator[None]:
    """Raise what boto3 raises inside the block as QueueError."""
    try:
        yield
    except (BotoCoreError, ClientError, ValueError) as error:
        hint = "The endpoint, region and credentials are boto3's own variables (AWS_ENDPOINT_URL, AWS_DEFAULT_REGION …)"
        raise QueueError(f"Could not {action} the queue: {error}", hint=hint) from error

"""What the queue has given up on: lists it, explains it, sends it again."""

from collections.abc import Iterator
from contextlib import contextmanager

from duplication.engine import Engine
from duplication.jobs import InvalidJob, Job
from duplication.models import DeadLetter
from duplication.queue import Message, Queue

HIDDEN_SECONDS = 30
"""So long letters are hidden from others that look at them, unless they are given back before."""

MOST_LETTERS = 10_000
"""More than these are not looked through in one go: they would show again before the last is seen."""


@contextmanager
def open_letters(dead: Queue, limit: int = MOST_LETTERS) -> Iterator[list[Message]]:
    """Yield the dead letters, at most `limit`; what is not deleted in the block is given back at its end."""
    found: dict[str, Message] = {}
    while len(found) < limit:
        message = dead.receive(0, HIDDEN_SECONDS)
        if message is None or message.id in found:
            break
        found[message.id] = message
    left = list(found.values())
    try:
        yield left
    finally:
        for message in left:
            dead.release(message)


def explain(engine: Engine, installation: str, message: Message) -> DeadLetter:
    """Say what is known of a dead letter, and what would become of it if it was sent again."""
    try:
        job = Job.parse(message.body)
    except InvalidJob as error:
        return DeadLetter(message.id, message.body, f"no job that this version can read: {error.message}")
    if job.installation != installation:
        return DeadLetter(message.id, message.body, f"a job of another installation, {job.installation}")
    return DeadLetter(message.id, message.body, engine.explain_job(job.duplication_id, job.level))


def settle_letters(dead: Queue, target: Queue | None, ids: frozenset[str] | None) -> list[str]:
    """Send dead letters again, or only delete them.

    Parameters: target, the queue to send them to; None to delete them for good. ids, of the letters; None for all.
    Returns the ids of those that are gone from the dead letters. Raises QueueError; none is lost then.
    """
    settled: list[str] = []
    with open_letters(dead) as letters:
        for message in [letter for letter in letters if ids is None or letter.id in ids]:
            # Sent before it is deleted: twice at worst, which is harmless.
            if target is not None:
                target.send_body(message.body)
            dead.delete(message)
            letters.remove(message)
            settled.append(message.id)
    return settled

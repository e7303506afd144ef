"""Turns committed requests into messages."""

from duplication.engine import Engine
from duplication.jobs import Job
from duplication.models import DueJob
from duplication.queue import Queue

BATCH = 100


def dispatch_due(engine: Engine, queue: Queue, installation: str) -> int:
    """Send the jobs that are due.

    Parameters: installation, the UUID of the engine's database.
    Returns the number of jobs sent. Raises QueueError, and the jobs stay due.
    """

    def send(due: DueJob) -> None:
        queue.send(Job(installation, due.duplication_id, due.level))

    return engine.dispatch(send, BATCH)

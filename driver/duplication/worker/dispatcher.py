"""Turns committed requests, and jobs that are due again, into messages."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from duplication.engine import Engine
from duplication.jobs import Job
from duplication.queue import Queue
from duplication.telemetry.jobs import Telemetry
from duplication.worker.session_loop import Step
from duplication.worker.worker_context import WorkerContext

logger = logging.getLogger("duplication")

POLL_SECONDS = 0.5


class Dispatcher:
    """ViewCache for due jobs every half second. Every worker has one; the engine lets one at a time have them."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._has_reported = False

    @contextmanager
    def open_step(self, engine: Engine) -> Iterator[Step]:
        """Yield what sends the jobs that are due, and rests."""
        self._report_hidden_signals(engine)

        def step() -> None:
            self._context.done.delete()
            dispatch_due(engine, self._context)
            self._context.stop.pause(POLL_SECONDS)

        yield step

    def _report_hidden_signals(self, engine: Engine) -> None:
        if not self._has_reported:
            self._has_reported = True
            for load in engine.list_load_signals():
                if load.problem is not None:
                    logger.warning("Nobody looks at %s: %s", load.signal, load.problem)


def dispatch_due(engine: Engine, context: WorkerContext) -> int:
    """Send the jobs that are due; returns how many. Raises QueueError, and the jobs stay due."""
    return send_due(engine, context.queue, context.cpu.read(), context.queue_watch.seconds_ago, context.telemetry)


def send_due(
    engine: Engine,
    queue: Queue,
    cpu_percent: float | None = None,
    seen_empty_seconds: float | None = None,
    telemetry: Telemetry | None = None,
) -> int:
    """Send the jobs that are due.

    Parameters: cpu_percent of the database's machine and seen_empty_seconds, how long ago the queue was empty, as far
    as they are known; telemetry, where it is told.
    Returns how many were sent. Raises QueueError, and the jobs stay due.
    """

    def carry(job: Job) -> dict[str, str]:
        if telemetry is None or telemetry.traces is None:
            return {}
        duplication = engine.find_duplication(job.duplication_id)
        return telemetry.traces.follow_dispatch(job.installation, duplication, job.level)

    def send(jobs: Sequence[Job]) -> None:
        queue.send_all([(job, carry(job)) for job in jobs])

    return engine.dispatch(send, cpu_percent, seen_empty_seconds)

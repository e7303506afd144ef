"""Takes jobs from the queue and does them, one at a time."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from duplication.engine import Engine
from duplication.worker.dispatcher import dispatch_due
from duplication.worker.job_runner import JobRunner
from duplication.worker.session_loop import Step
from duplication.worker.sessions import open_sessions
from duplication.worker.worker_context import WorkerContext

logger = logging.getLogger("duplication")
MEGABYTE = 1 << 20


class Consumer:
    """One of a worker's slots for jobs."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._has_worked = False

    @contextmanager
    def open_step(self, engine: Engine) -> Iterator[Step]:
        """Yield what takes a message and does its job."""
        with open_sessions(engine, self._context.connect, self._context.settings.parallel) as sessions:
            runner = JobRunner(sessions, self._context)
            yield lambda: self._step(runner, engine)

    def _step(self, runner: JobRunner, engine: Engine) -> None:
        context = self._context
        if is_memory_spent(context.settings.memory_mb):
            logger.warning("The worker has more than %d MB of memory and ends", context.settings.memory_mb)
            context.stop.request()
            return
        # The dispatcher has no thread of its own with `once`; else this is for slots that a job has just left.
        sent = dispatch_due(engine, context) if context.once or self._has_worked else 0
        with context.asking:
            asked_at = time.monotonic()
            message = context.queue.receive(context.settings.poll_seconds, context.settings.visibility_seconds)
            context.outages.end("The queue", asked_at)
            self._has_worked = message is not None
            if message is not None:
                with context.working:
                    runner.handle(message)
                if context.once:
                    context.done.delete()
                return
        context.queue_watch.mark(asked_at)
        if context.once and not sent and not context.asking.number:
            context.stop.request()


def is_memory_spent(limit_mb: int) -> bool:
    """Whether this process is bigger than a limit; 0 is none."""
    return limit_mb > 0 and psutil.Process().memory_info().rss > limit_mb * MEGABYTE

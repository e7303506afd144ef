"""Takes jobs from the queue and does them, one at a time."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from duplication.crew import Crew
from duplication.dispatcher import dispatch_due
from duplication.engine import Engine
from duplication.job_runner import JobRunner
from duplication.parallel import open_sessions
from duplication.session_loop import Step

logger = logging.getLogger("duplication")
MEGABYTE = 1 << 20


class Consumer:
    """One of a worker's places for jobs."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._has_worked = False

    @contextmanager
    def open_step(self, engine: Engine) -> Iterator[Step]:
        """Yield what takes a message and does its job."""
        with open_sessions(engine, self._crew.connect, self._crew.settings.parallel) as sessions:
            runner = JobRunner(sessions, self._crew)
            yield lambda: self._step(runner, engine)

    def _step(self, runner: JobRunner, engine: Engine) -> None:
        crew = self._crew
        if is_memory_spent(crew.settings.memory_mb):
            logger.warning("The worker has more than %d MB of memory and ends", crew.settings.memory_mb)
            crew.stop.request()
            return
        # The dispatcher has no thread of its own with `once`; else this is for places that a job has just left.
        sent = dispatch_due(engine, crew) if crew.once or self._has_worked else 0
        with crew.asking:
            asked_at = time.monotonic()
            message = crew.queue.receive(crew.settings.poll_seconds, crew.settings.visibility_seconds)
            crew.outages.end("The queue", asked_at)
            self._has_worked = message is not None
            if message is not None:
                with crew.working:
                    runner.handle(message)
                if crew.once:
                    crew.done.delete()
                return
        crew.queue_watch.mark(asked_at)
        if crew.once and not sent and not crew.asking.number:
            crew.stop.request()


def is_memory_spent(limit_mb: int) -> bool:
    """Whether this process is bigger than a limit; 0 is none."""
    return limit_mb > 0 and psutil.Process().memory_info().rss > limit_mb * MEGABYTE

"""One thread of the worker: does a step of work again and again, and outlives the loss of database and queue."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from duplication.engine import Engine
from duplication.errors import ConnectionLost, DuplicationError, EngineVersionMismatch
from duplication.queue import QueueError
from duplication.signals import Backoff
from duplication.worker.worker_context import WorkerContext

logger = logging.getLogger("duplication")

Step = Callable[[], None]
VERSION_SECONDS = 1.0
"""For so long the engine is taken for what it was; a call that fails meanwhile asks again."""

OpenStep = Callable[[Engine], AbstractContextManager[Step]]
"""Makes what does a step of work out of a session, and releases it at the end."""


def run_steps(context: WorkerContext, open_step: OpenStep) -> None:
    """Work in a session of one's own until told to stop.

    With `once` the first error is raised; else it is told, once, and waited out with growing pauses.
    """
    backoff = Backoff()
    while not context.stop.requested:
        asked_at = time.monotonic()
        try:
            with context.connect() as engine:
                engine.check_version()
                context.outages.end("The database", asked_at)
                with open_step(engine) as step:
                    _repeat(context, engine, step, backoff)
        except DuplicationError as error:
            if context.once:
                raise
            context.outages.begin(*describe_outage(error), since=asked_at)
            context.stop.pause(backoff.next_wait())


def _repeat(context: WorkerContext, engine: Engine, step: Step, backoff: Backoff) -> None:
    checked_at = 0.0
    while not context.stop.requested:
        asked_at = time.monotonic()
        try:
            if asked_at >= checked_at + VERSION_SECONDS:
                engine.check_version()
                context.outages.end("The engine", asked_at)
                checked_at = asked_at
            step()
        except (ConnectionLost, EngineVersionMismatch):
            raise
        except DuplicationError as error:
            if context.once:
                raise
            context.outages.begin(*describe_outage(error))
            context.stop.pause(backoff.next_wait())
        except Exception:
            if context.once:
                raise
            # A bug must not end the loop and must not be lost either. A message in work comes again.
            logger.exception("Unexpected error")
            context.stop.pause(backoff.next_wait())
        else:
            context.outages.end(name_work(), asked_at)
            backoff.reset()


def describe_outage(error: DuplicationError) -> tuple[str, str]:
    """Return what is gone, and why."""
    if isinstance(error, ConnectionLost):
        return "The database", error.message
    if isinstance(error, QueueError):
        return "The queue", error.message
    if isinstance(error, EngineVersionMismatch):
        return "The engine", error.message
    return name_work(), error.message


def name_work() -> str:
    """Return what this thread's own work is called: that of another may go well meanwhile."""
    return f"The work of {threading.current_thread().name}"

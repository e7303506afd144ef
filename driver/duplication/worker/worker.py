"""The worker: several threads that take jobs from the queue, one that fills it, one that cleans up."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from duplication.config import Settings
from duplication.engine import Engine
from duplication.errors import DuplicationError
from duplication.outages import Outages
from duplication.queue import DoneMessages, Queue
from duplication.signals import CHECK_SECONDS, StopFlag
from duplication.telemetry.jobs import Telemetry
from duplication.worker.consumer import Consumer
from duplication.worker.database_cpu import CpuGauge
from duplication.worker.dispatcher import Dispatcher
from duplication.worker.housekeeper import Housekeeper
from duplication.worker.session_loop import OpenStep, run_steps
from duplication.worker.watchdog import Watchdog
from duplication.worker.worker_context import WorkerContext

logger = logging.getLogger("duplication")

IDLE_SECONDS = 1.5
"""So long a thread may go on that is doing no job when the worker ends: it is asking the queue."""


class Worker:
    """One process that does jobs until told to stop.

    Parameters: connect, opens a session with the database; queue; settings; stop, the flag that ends the work; once,
    to end as soon as the queue is empty and nothing is due; telemetry, where it tells what it does.
    """

    def __init__(
        self,
        connect: Callable[[], Engine],
        queue: Queue,
        settings: Settings,
        stop: StopFlag,
        *,
        once: bool = False,
        telemetry: Telemetry | None = None,
    ) -> None:
        outages = Outages()
        name = f"{socket.gethostname()}:{os.getpid()}"
        cpu = CpuGauge(settings.rds_instance, outages)
        self._watchdog = Watchdog(connect, settings.stall_seconds)
        self._context = WorkerContext(
            name,
            self._watchdog.connect,
            queue,
            DoneMessages(queue),
            settings,
            stop,
            cpu,
            once,
            outages,
            telemetry or Telemetry(),
        )
        self._error: Exception | None = None

    def run(self) -> None:
        """Work. With `once` the first error ends it, and is raised, since nothing else would end the waiting."""
        context = self._context
        consumers = [self._start(Consumer(context).open_step, f"job {n}") for n in range(context.settings.concurrency)]
        others = []
        if not context.once:
            others = [
                self._start(Dispatcher(context).open_step, "dispatcher"),
                self._start(Housekeeper(context).open_step, "housekeeper"),
            ]
        logger.info("Worker %s waits for jobs, %d at a time", context.name, context.settings.concurrency)
        while any(thread.is_alive() for thread in consumers) and not context.stop.requested:
            self._watchdog.check()
            context.stop.pause(CHECK_SECONDS)
        self._end(consumers + others)
        if self._error is not None:
            raise self._error
        logger.info("Worker %s has stopped", context.name)

    def _start(self, open_step: OpenStep, name: str) -> threading.Thread:
        def work() -> None:
            try:
                run_steps(self._context, open_step)
            except Exception as error:  # noqa: BLE001 (raised again, in the thread that waits)
                self._error = self._error or error
                self._context.stop.request()

        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
        return thread

    def _end(self, threads: Sequence[threading.Thread]) -> None:
        """Have the jobs stop at their next batch, and wait for that; nobody waits for an answer from the queue."""
        context = self._context
        if context.working.number:
            # Without the database the calls end anyway.
            with suppress(DuplicationError), context.connect() as engine:
                engine.stop_attempts(context.name)
        while context.working.number:
            self._watchdog.check()
            time.sleep(CHECK_SECONDS)
        last = threading.Thread(target=context.done.delete, name="last deletion", daemon=True)
        last.start()
        end = time.monotonic() + IDLE_SECONDS
        for thread in [*threads, last]:
            thread.join(max(0.0, end - time.monotonic()))

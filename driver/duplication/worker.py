"""The worker: several threads that take jobs from the queue, one that fills it, one that cleans up."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from duplication.cloudwatch import CpuGauge
from duplication.config import Settings
from duplication.consumer import Consumer
from duplication.crew import Crew
from duplication.dispatcher import Dispatcher
from duplication.engine import Engine
from duplication.errors import DuplicationError
from duplication.housekeeper import Housekeeper
from duplication.outages import Outages
from duplication.queue import DoneMessages, Queue
from duplication.session_loop import OpenStep, run_steps
from duplication.signals import CHECK_SECONDS, StopFlag
from duplication.stalls import StallWatch
from duplication.telemetry.jobs import Telemetry

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
        self._stalls = StallWatch(connect, settings.stall_seconds)
        self._crew = Crew(
            name,
            self._stalls.connect,
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
        crew = self._crew
        consumers = [self._start(Consumer(crew).open_step, f"job {n}") for n in range(crew.settings.concurrency)]
        others = []
        if not crew.once:
            others = [
                self._start(Dispatcher(crew).open_step, "dispatcher"),
                self._start(Housekeeper(crew).open_step, "housekeeper"),
            ]
        logger.info("Worker %s waits for jobs, %d at a time", crew.name, crew.settings.concurrency)
        while any(thread.is_alive() for thread in consumers) and not crew.stop.requested:
            self._stalls.check()
            crew.stop.pause(CHECK_SECONDS)
        self._end(consumers + others)
        if self._error is not None:
            raise self._error
        logger.info("Worker %s has stopped", crew.name)

    def _start(self, open_step: OpenStep, name: str) -> threading.Thread:
        def work() -> None:
            try:
                run_steps(self._crew, open_step)
            except Exception as error:  # noqa: BLE001 (raised again, in the thread that waits)
                self._error = self._error or error
                self._crew.stop.request()

        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
        return thread

    def _end(self, threads: Sequence[threading.Thread]) -> None:
        """Have the jobs stop at their next batch, and wait for that; nobody waits for an answer from the queue."""
        crew = self._crew
        if crew.working.number:
            # Without the database the calls end anyway.
            with suppress(DuplicationError), crew.connect() as engine:
                engine.stop_attempts(crew.name)
        while crew.working.number:
            self._stalls.check()
            time.sleep(CHECK_SECONDS)
        last = threading.Thread(target=crew.done.delete, name="last deletion", daemon=True)
        last.start()
        end = time.monotonic() + IDLE_SECONDS
        for thread in [*threads, last]:
            thread.join(max(0.0, end - time.monotonic()))

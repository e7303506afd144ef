"""The worker: a loop that takes jobs from the queue and outlives the loss of database and queue."""

import logging
import os
import socket
from collections.abc import Callable

from duplication.config import Settings
from duplication.engine import Engine
from duplication.errors import ConnectionLost, DuplicationError
from duplication.job_runner import JobRunner
from duplication.queue import Queue
from duplication.signals import Backoff, StopFlag

logger = logging.getLogger("duplication")


class Worker:
    """One process that does jobs, one at a time, until told to stop.

    Parameters: connect, opens a session with the database; queue; settings; stop, the flag that ends the work; once,
    to end as soon as the queue is empty and nothing is due.
    """

    def __init__(
        self, connect: Callable[[], Engine], queue: Queue, settings: Settings, stop: StopFlag, *, once: bool = False
    ) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._connect = connect
        self._queue = queue
        self._settings = settings
        self._stop = stop
        self._once = once
        self._trouble = Backoff()

    def run(self) -> None:
        """Work.

        Raises DuplicationError when the database is not there at the start; with once also when database or queue
        fail later, since then nothing would ever end the waiting.
        """
        engine: Engine | None = self._connect()
        logger.info("Worker %s waits for jobs", self.name)
        while engine is not None:
            try:
                with engine:
                    self._serve(JobRunner(engine, self._queue, self._settings, self._stop, self.name))
                    break
            except ConnectionLost as error:
                if self._once:
                    raise
                logger.warning("The database is gone: %s", error.message)
            engine = self._reconnect()
        logger.info("Worker %s has stopped", self.name)

    def _serve(self, runner: JobRunner) -> None:
        while not self._stop.requested:
            try:
                idle = self._step(runner)
            except ConnectionLost:
                raise
            except DuplicationError as error:
                if self._once:
                    raise
                self._wait_out(error)
                continue
            except Exception:
                # A bug must not end the loop and must not be lost either. The message comes again.
                logger.exception("Unexpected error; the message is left to be delivered again")
                self._stop.pause(1)
                continue
            if self._trouble.reset():
                logger.info("Working again")
            if self._once and idle:
                return

    def _step(self, runner: JobRunner) -> bool:
        """Send what is due and do one job; returns whether there was neither."""
        sent = runner.dispatch()
        message = runner.receive()
        if message is not None:
            runner.handle(message)
        return message is None and not sent

    def _wait_out(self, error: DuplicationError) -> None:
        level = logging.DEBUG if self._trouble.failing else logging.WARNING
        logger.log(level, "%s; trying again", error.message)
        self._stop.pause(self._trouble.next_wait())

    def _reconnect(self) -> Engine | None:
        """Return a new session, or None when told to stop before there was one."""
        backoff = Backoff()
        while not self._stop.requested:
            self._stop.pause(backoff.next_wait())
            try:
                engine = self._connect()
            except ConnectionLost as error:
                logger.debug("Still no database: %s", error.message)
                continue
            logger.info("The database is back")
            return engine
        return None

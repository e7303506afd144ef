"""Does one job: has the engine copy the level, sends the next job, settles the message."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from duplication.config import Settings
from duplication.dispatcher import dispatch_due
from duplication.engine import Engine
from duplication.errors import ConnectionLost, DuplicationError
from duplication.jobs import InvalidJob, Job
from duplication.models import LevelCall
from duplication.queue import Message, Queue, QueueError
from duplication.settlement import Fate, backoff_seconds, settle_error
from duplication.signals import StopFlag

logger = logging.getLogger("duplication")


@dataclass(slots=True)
class Hold:
    """A message in work, and whether it may have gone to another worker meanwhile."""

    message: Message
    lost: bool = False


class JobRunner:
    """Does jobs in one session with the database.

    Parameters: engine, queue, settings; stop, looked at between two calls; worker, the name recorded with attempts.
    """

    def __init__(self, engine: Engine, queue: Queue, settings: Settings, stop: StopFlag, worker: str) -> None:
        self._engine = engine
        self._queue = queue
        self._settings = settings
        self._stop = stop
        self._worker = worker
        self._installation = engine.find_installation()

    def dispatch(self) -> int:
        """Send the jobs that are due; returns how many. Raises DuplicationError."""
        return dispatch_due(self._engine, self._queue, self._installation)

    def receive(self) -> Message | None:
        """Take a message from the queue; None when there is none. Raises QueueError."""
        return self._queue.receive(self._settings.poll_seconds, self._settings.visibility_seconds)

    def handle(self, message: Message) -> None:
        """Do what a message says and settle it.

        Raises ConnectionLost, with the message given back, and QueueError when a job cannot be sent, with the message
        left to come again.
        """
        if self._stop.requested:
            self._release(message)
            return
        job = self._read_job(message)
        if job is None:
            return
        try:
            self._do_job(job, Hold(message))
        except ConnectionLost:
            self._release(message, backoff_seconds(message.receive_count))
            raise

    def _read_job(self, message: Message) -> Job | None:
        try:
            job = Job.parse(message.body)
        except InvalidJob as error:
            # Left alone: the queue moves it to the dead letters, where a person can look at it.
            logger.warning("Message %s left in the queue: %s", message.id, error.message)
            return None
        if job.installation != self._installation:
            logger.info("Message %s left in the queue: it is of installation %s", message.id, job.installation)
            return None
        return job

    def _do_job(self, job: Job, hold: Hold) -> None:
        attempt: int | None = None
        try:
            attempt = self._engine.begin_attempt(job.duplication_id, job.level, hold.message.id, self._worker)
            call = self._copy_level(job, hold)
            if call is None:
                self._engine.end_attempt(attempt, "released")
                self._release(hold.message)
            else:
                self._finish(job, hold, attempt, call)
        except (QueueError, ConnectionLost):
            raise
        except DuplicationError as error:
            self._settle(job, hold, attempt, error)

    def _copy_level(self, job: Job, hold: Hold) -> LevelCall | None:
        """Call the level until it is done; None when told to stop before that."""
        while True:
            call = self._engine.duplicate_level(job.duplication_id, job.level, self._settings.budget_seconds)
            if call.done:
                return call
            if self._stop.requested:
                return None
            self._extend(hold)
            self._dispatch_meanwhile()

    def _extend(self, hold: Hold) -> None:
        try:
            self._queue.extend(hold.message, self._settings.visibility_seconds)
        except QueueError as error:
            # Another worker may have it by now, which is harmless; but deleting it is no longer ours to do.
            hold.lost = True
            logger.warning("Message %s may be delivered again: %s", hold.message.id, error.message)

    def _dispatch_meanwhile(self) -> None:
        try:
            self.dispatch()
        except ConnectionLost:
            raise
        except DuplicationError as error:
            # Not this job's fault; the main loop meets the same trouble, if it lasts, and tells.
            logger.debug("Nothing dispatched: %s", error.message)

    def _finish(self, job: Job, hold: Hold, attempt: int, call: LevelCall) -> None:
        # In this order a crash delivers a message twice at worst, and never loses the chain.
        if call.next_level is not None:
            try:
                self._queue.send(Job(job.installation, job.duplication_id, call.next_level))
            except QueueError:
                # The message comes again, finds its level done, and only makes sure that the next job is sent.
                self._engine.end_attempt(attempt, "later")
                raise
        status = self._engine.end_attempt(attempt, "done")
        self._delete(hold)
        logger.info("Duplication %d: %s copied, now %s", job.duplication_id, job.level, call.next_level or status)

    def _settle(self, job: Job, hold: Hold, attempt: int | None, error: DuplicationError) -> None:
        message = hold.message
        settlement = settle_error(error, message.receive_count, self._engine.classify_error)
        status = None
        if attempt is not None:
            recorded = error.as_dict() | {"level": job.level}
            failure = recorded if settlement.outcome in {"transient", "lasting"} else None
            status = self._engine.end_attempt(attempt, settlement.outcome, failure)
        report(job, settlement.outcome, status, error)
        if settlement.fate is Fate.DELETE or status == "failed":
            self._delete(hold)
        elif settlement.fate is Fate.RELEASE:
            self._release(message, settlement.delay_seconds)
        elif settlement.fate is Fate.POSTPONE:
            self._queue.send(job, settlement.delay_seconds)
            self._delete(hold)

    def _release(self, message: Message, delay_seconds: int = 0) -> None:
        with left_to_come_again(message):
            self._queue.release(message, delay_seconds)

    def _delete(self, hold: Hold) -> None:
        if not hold.lost:
            with left_to_come_again(hold.message):
                self._queue.delete(hold.message)


@contextmanager
def left_to_come_again(message: Message) -> Iterator[None]:
    """Log a failure to settle a message: the job is recorded, a repetition harmless, a broken queue shows soon."""
    try:
        yield
    except QueueError as error:
        logger.warning("Message %s may be delivered again: %s", message.id, error.message)


def report(job: Job, outcome: str, status: str | None, error: DuplicationError) -> None:
    """Log what came of a job that did not end well."""
    if outcome == "stopped":
        logger.info("Duplication job stopped: duplication %d is %s", job.duplication_id, status or error.message)
        return
    level = {"lasting": logging.ERROR, "later": logging.INFO}.get(outcome, logging.WARNING)
    logger.log(
        level,
        "Duplication %d, %s: %s (%s, SQLSTATE %s, status %s)",
        job.duplication_id,
        job.level,
        error.message,
        outcome,
        error.sqlstate,
        status,
    )

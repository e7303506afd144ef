"""Does one job: asks the gates, has the engine copy the level, sends the next job, settles the message."""

import logging
from contextlib import suppress
from dataclasses import dataclass

from duplication.errors import (
    ConnectionLost,
    DuplicationError,
    EngineDisabled,
    EngineVersionMismatch,
    UnknownDuplication,
    UnknownLevel,
)
from duplication.jobs import InvalidJob, Job
from duplication.models import LevelCall
from duplication.queue import Message, QueueError
from duplication.signals import Backoff
from duplication.telemetry.jobs import JobWatch
from duplication.worker.sessions import Sessions
from duplication.worker.worker_context import WorkerContext

logger = logging.getLogger("duplication")

OUTCOMES = {"transient": "transient", "lasting": "lasting", "stop": "stopped"}
"""What an attempt came to, by the engine's own sorting of errors."""


@dataclass(slots=True)
class Hold:
    """A message in work, the level that its job has come to, and whether another worker may have it by now."""

    message: Message
    level: str
    lost: bool = False


class JobRunner:
    """Does jobs, one after the other. sessions: one, or several that share each level."""

    def __init__(self, sessions: Sessions, context: WorkerContext) -> None:
        self._sessions = sessions
        self._engine = sessions.first
        self._context = context
        self._queue = context.queue
        self._installation = self._engine.find_installation()

    def handle(self, message: Message) -> None:
        """Do what a message says and settle it.

        Raises ConnectionLost, with the message given back, and QueueError when a job cannot be sent, with the message
        left to come again.
        """
        job = self._read_job(message)
        if job is None:
            return
        try:
            with self._context.telemetry.watch(self._engine, job, message.attributes) as watch:
                self._do_job(job, Hold(message, job.level), watch)
        except (UnknownDuplication, UnknownLevel) as error:
            logger.warning("Message %s left in the queue: %s", message.id, error.message)
        except QueueError:
            raise
        except DuplicationError:
            self._release(message, Backoff.wait_after(message.receive_count))
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

    def _do_job(self, job: Job, hold: Hold, watch: JobWatch) -> None:
        if self._context.stop.requested:
            self._release(hold.message)
            return
        with watch.call("begin_attempt"):
            gate = self._engine.begin_attempt(
                job.duplication_id, job.level, hold.message.id, self._context.name, self._context.cpu.read()
            )
        try:
            while gate.decision == "run":
                # Asked again, now that the attempt is there for the end of the worker to find.
                if self._context.stop.requested:
                    self._engine.end_attempt(gate.attempt, "released")
                    self._release(hold.message)
                    return
                call = self._call(job, hold, gate.attempt, watch)
                if call is not None and call.done:
                    self._finish(job, hold, gate.attempt, call, watch)
                    return
                if call is not None and call.next_level is not None:
                    hold.level = call.next_level
                if not self._context.stop.requested:
                    self._extend(hold)
                    with watch.call("renew_lease"):
                        gate = self._engine.renew_lease(gate.attempt, self._context.cpu.read())
        except (QueueError, ConnectionLost, EngineVersionMismatch):
            raise
        except DuplicationError as error:
            self._settle(job, hold, gate.attempt, error, watch)
        else:
            watch.see_gate(gate)
            self._delete(hold)

    def _call(self, job: Job, hold: Hold, attempt: int, watch: JobWatch) -> LevelCall | None:
        """Call the level; None when duplication was switched off meanwhile, which the gates tell better."""
        with watch.call("duplicate_level"):
            try:
                settings = self._context.settings
                return self._sessions.duplicate_level(
                    job.duplication_id, hold.level, settings.budget_seconds, carry_on=settings.carry_on
                )
            except EngineDisabled:
                return None
            finally:
                with suppress(ConnectionLost):
                    watch.see_batches(attempt)

    def _extend(self, hold: Hold) -> None:
        try:
            self._queue.extend(hold.message, self._context.settings.visibility_seconds)
        except QueueError as error:
            # Another worker may have it by now, which is harmless; but deleting it is no longer ours to do.
            hold.lost = True
            logger.warning("Message %s may be delivered again: %s", hold.message.id, error.message)

    def _finish(self, job: Job, hold: Hold, attempt: int, call: LevelCall, watch: JobWatch) -> None:
        # In this order a crash delivers a message twice at worst, and never loses the chain.
        if call.next_level is not None:
            try:
                following = Job(job.installation, job.duplication_id, call.next_level)
                self._queue.send(following, self._context.telemetry.carry())
            except QueueError:
                self._engine.end_attempt(attempt, "done", next_sent=False)
                raise
        with watch.call("end_attempt"):
            status = self._engine.end_attempt(attempt, "done")
        self._delete(hold)
        watch.see_end("done", status, call.next_level)

    def _settle(self, job: Job, hold: Hold, attempt: int, error: DuplicationError, watch: JobWatch) -> None:
        # Calling what a migration has just replaced is no failure of the duplication.
        self._engine.check_version()
        kind = self._engine.classify_error(error.sqlstate) if error.sqlstate else "transient"
        # the engine knows which level it had come to
        failure = error.as_dict() | {"sqlstate": error.sqlstate or "58000"}
        with watch.call("end_attempt"):
            status = self._engine.end_attempt(attempt, OUTCOMES[kind], failure if kind != "stop" else None)
        duplication = self._engine.find_duplication(job.duplication_id)
        watch.see_error(error, kind, duplication)
        watch.see_end(OUTCOMES[kind], status)
        # Whatever comes next, the dispatcher sends it.
        self._delete(hold)

    def _release(self, message: Message, delay_seconds: float = 0) -> None:
        try:
            self._queue.release(message, round(delay_seconds))
        except QueueError as error:
            # The job is recorded, a repetition harmless, and a broken queue shows soon.
            logger.warning("Message %s may be delivered again: %s", message.id, error.message)

    def _delete(self, hold: Hold) -> None:
        if not hold.lost:
            self._context.done.add(hold.message)

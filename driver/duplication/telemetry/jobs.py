"""What is told of one job while it is done: to the log, to the metrics, to the trace."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from duplication.engine import Engine
from duplication.errors import DuplicationError
from duplication.jobs import Job
from duplication.models import Batch, Duplication, GateDecision, LevelProgress
from duplication.telemetry.metrics import WorkerMetrics

if TYPE_CHECKING:
    from duplication.telemetry.traces import Traces

logger = logging.getLogger("duplication")


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Where a worker tells what it does. traces: None when nobody wants any; is_served: whether anybody can ask."""

    metrics: WorkerMetrics = field(default_factory=WorkerMetrics)
    traces: "Traces | None" = None
    is_served: bool = False

    @property
    def wants_batches(self) -> bool:
        """Whether anybody wants to know of each batch."""
        return self.is_served or self.traces is not None or logger.isEnabledFor(logging.DEBUG)

    @contextmanager
    def watch(self, engine: Engine, job: Job, carried: Mapping[str, str]) -> Iterator["JobWatch"]:
        """Yield what is to be told of a job; all that is logged meanwhile names it.

        Parameters: engine, to ask it what the job is about; carried, the attributes of its message. Raises
        UnknownDuplication.
        """
        duplication = engine.find_duplication(job.duplication_id)
        self.metrics.received.labels(job.level).inc()
        fields = {
            "duplication_id": duplication.id,
            "org_episode_id": duplication.root_key,
            "job_class": f"duplicate_{job.level}",
        }
        nothing: AbstractContextManager[dict[str, str]] = nullcontext({})
        trace = self.traces.follow_job(job, duplication, carried) if self.traces else nothing
        with trace as more, structlog.contextvars.bound_contextvars(**fields, **more):
            yield JobWatch(self, engine, job)

    def carry(self) -> dict[str, str]:
        """Return the message attributes that let another job's span hang below the current one."""
        return self.traces.carry() if self.traces else {}


class JobWatch:
    """Is told of each step of one job."""

    def __init__(self, telemetry: Telemetry, engine: Engine, job: Job) -> None:
        self._metrics = telemetry.metrics
        self._traces = telemetry.traces
        self._wants_batches = telemetry.wants_batches
        self._engine = engine
        self._job = job
        self._last_batch_ended: datetime | None = None

    def call(self, routine: str) -> AbstractContextManager[object]:
        """Return what is put around a call of the engine."""
        return self._traces.follow_call(routine) if self._traces else nullcontext()

    def see_gate(self, gate: GateDecision) -> None:
        """Tell what the gates have decided, unless the job may run."""
        if gate.decision == "run":
            return
        self._metrics.jobs_refused.labels(gate.gate).inc()
        if self._traces:
            self._traces.add_event(gate.decision, {"gate": gate.gate, "reason": gate.reason})
        if gate.decision == "stop":
            logger.info("Duplication job stopped: %s", gate.reason)
            return
        again = "" if gate.wait is None else f", again in {gate.wait.total_seconds():.0f} s"
        logger.info("Duplication %d, %s: waiting: %s%s", self._job.duplication_id, self._job.level, gate.reason, again)

    def see_batches(self, attempt: int) -> None:
        """Tell of the batches that have come since the last look."""
        if not self._wants_batches:
            return
        for batch in self._engine.list_attempt_batches(attempt, self._last_batch_ended):
            self._last_batch_ended = batch.ended_at
            self._metrics.count_batch(batch)
            if self._traces:
                self._traces.add_batch(batch)
            logger.debug("Batch %d of %s: %d rows", batch.batch_no, batch.level, batch.rows, extra=describe(batch))

    def see_end(self, outcome: str, status: str, next_level: str | None = None) -> None:
        """Tell what came of the job, and how the duplication is after it."""
        self._metrics.ended.labels(outcome).inc()
        if self._traces:
            self._traces.add_event("status", {"status": status, "outcome": outcome})
        if outcome != "done":
            return
        progress = self._engine.list_progress(self._job.duplication_id)
        names = [level.level for level in progress]
        # a job may have carried on with later levels
        first = names.index(self._job.level)
        end = len(names) if next_level is None else names.index(next_level)
        for level, following in zip(progress[first:end], [*names[first + 1 : end], next_level or status], strict=True):
            self._report_level(level, following)

    def _report_level(self, level: LevelProgress, following: str | None) -> None:
        totals: dict[str, object] = {"rows": level.rows_copied, "batches": level.batches}
        if level.started_at and level.completed_at:
            totals["seconds"] = (level.completed_at - level.started_at).total_seconds()
        if level.ordinal == 1:
            totals["new_key"] = level.new_root_key
        logger.info("Duplication %d: %s copied, now %s", level.duplication_id, level.level, following, extra=totals)

    def see_error(self, error: DuplicationError, kind: str, duplication: Duplication) -> None:
        """Report what the job met, and what became of the duplication."""
        if self._traces:
            self._traces.add_error(error)
        if kind == "stop":
            logger.info(
                "Duplication job stopped: duplication %d is %s: %s", duplication.id, duplication.status, error.message
            )
            return
        logger.log(
            logging.ERROR if "has_error" in duplication.traits else logging.WARNING,
            "Duplication %d, %s: %s (%s, SQLSTATE %s, status %s)",
            self._job.duplication_id,
            self._job.level,
            error.message,
            kind,
            error.sqlstate,
            duplication.status,
            exc_info=error,
        )


def describe(batch: Batch) -> dict[str, object]:
    """Return a batch's figures for the log."""
    return {
        "batch_no": batch.batch_no,
        "rows": batch.rows,
        "seconds": (batch.ended_at - batch.started_at).total_seconds(),
    }

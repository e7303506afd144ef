"""What the engine's routines and views return, as Python values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class LevelCall:
    """What one call of a level's procedure came to: whether the level it was at last is done, and what is next."""

    done: bool
    next_level: str | None


@dataclass(frozen=True, slots=True)
class GateDecision:
    """Whether a job may run: run, later or stop; why not, by which gate; and after how long it is sent again."""

    attempt: int
    decision: str
    reason: str | None
    wait: timedelta | None
    gate: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery of a job to a worker, and what came of it."""

    id: int
    level: str
    worker: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class LoadSignal:
    """Something that tells that the database is busy, and why it cannot be had, if so."""

    signal: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was delivered too often, and what can be said about it."""

    id: str
    body: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Chore:
    """What the settings ask to be done: the discard of a duplication, or, without one, a purge."""

    chore: str
    duplication_id: int | None


@dataclass(frozen=True, slots=True)
class LevelProgress:
    """How far one level of a duplication is; before the start there is one row without a level."""

    duplication_id: int
    new_root_key: str | None
    level: str | None
    ordinal: int | None
    level_status: str | None
    rows_planned: int | None
    rows_done: int | None
    rows_copied: int | None
    batches: int | None
    started_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Duplication:
    """One duplication: what is copied, to where, and what became of it."""

    id: int
    tree: str
    root_key: str
    new_root_key: str | None
    status: str
    traits: list[str]
    """What the status means, such as `active` or `over`, as the engine's statuses() has it."""
    driven_by: str
    requested_by: str | None
    options: dict[str, Any]
    error: dict[str, Any] | None
    requested_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    failed_at: datetime | None
    cancelled_at: datetime | None
    discarding_at: datetime | None
    discarded_at: datetime | None
    purged_at: datetime | None
    dispatched_at: datetime | None
    not_before: datetime | None
    waiting_reason: str | None
    actions: list[str]
    """What can be done with it: cancel, retry, discard."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between a copy and its source."""

    level: str
    orig_key: str | None
    new_key: str | None
    difference: str
    column_name: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as the feed tells it. type is `reset` where the reader has to load its state anew."""

    cursor: str
    duplication_id: int | None
    type: str
    payload: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """One transaction of a level, as the engine has recorded it."""

    duplication_id: int
    level: str
    batch_no: int
    rows_planned: int
    rows: int
    backend_pid: int
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class StatusCount:
    """How many duplications have a status; since when the oldest of them was requested."""

    status: str
    traits: list[str]
    count: int
    oldest_requested_at: datetime | None

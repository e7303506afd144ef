"""What the engine's routines and views return, as Python values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class LevelCall:
    """What one call of a level's procedure came to: the level is done or not, and what follows it."""

    done: bool
    next_level: str | None


@dataclass(frozen=True, slots=True)
class LevelProgress:
    """How far one level of a duplication is; before the start there is one row without a level."""

    duplication_id: int
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
    dispatched_at: datetime | None


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
class DueJob:
    """A level whose message has to be sent."""

    duplication_id: int
    level: str

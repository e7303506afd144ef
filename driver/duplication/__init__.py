"""Duplicates trees of PostgreSQL rows, level by level, inside the database.

The engine is SQL; this package carries its messages: it takes jobs from a queue, calls the procedures, and sends the
next job of the chain.

What an application imports from here:

* `Engine`, a session with the database: `Engine.connect(dsn)` opens one, and each routine of the engine is a method;
* `Duplication`, `LevelProgress`, `Difference`, `Event`: what its methods return;
* `follow_feed`, which yields the events as they happen;
* `DuplicationError`, the base of all errors, and the ones that an application meets: `UnknownTree`, `InvalidKey`,
  `InvalidOption`, `OriginalEpisodeNotFound`, `UnknownDuplication`, `WrongStatus`, `EngineDisabled`, `CopyReferenced`,
  `ConnectionLost`, `EngineVersionMismatch`. The others are in `duplication.errors`.
"""

from duplication.engine import Engine
from duplication.errors import (
    ConnectionLost,
    CopyReferenced,
    DuplicationError,
    EngineDisabled,
    EngineVersionMismatch,
    InvalidKey,
    InvalidOption,
    OriginalEpisodeNotFound,
    UnknownDuplication,
    UnknownTree,
    WrongStatus,
)
from duplication.feed import follow_feed
from duplication.models import Difference, Duplication, Event, LevelProgress

__all__ = [
    "ConnectionLost",
    "CopyReferenced",
    "Difference",
    "Duplication",
    "DuplicationError",
    "Engine",
    "EngineDisabled",
    "EngineVersionMismatch",
    "Event",
    "InvalidKey",
    "InvalidOption",
    "LevelProgress",
    "OriginalEpisodeNotFound",
    "UnknownDuplication",
    "UnknownTree",
    "WrongStatus",
    "follow_feed",
]

"""What becomes of a job and of its message after an error: a decision, and nothing but."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from duplication.errors import (
    DuplicationError,
    EngineDisabled,
    LevelOutOfOrder,
    UnknownDuplication,
    UnknownLevel,
    WrongStatus,
)

DISABLED_SECONDS = 30
OUT_OF_ORDER_SECONDS = 5
LONGEST_BACKOFF_SECONDS = 60


class Fate(Enum):
    """What is done with a message."""

    DELETE = "delete"
    RELEASE = "release"
    POSTPONE = "postpone"
    """A new message takes its place after the delay: each delivery of this one brings it nearer to the dead letters,
    where a job that has only to wait does not belong."""
    LEAVE = "leave"
    """Neither: it comes again when its time is up, and the queue moves it to the dead letters in the end."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """The outcome to record for the attempt, and the fate of the message."""

    outcome: str
    fate: Fate
    delay_seconds: int = 0


RULES: tuple[tuple[tuple[type[DuplicationError], ...], Settlement], ...] = (
    ((WrongStatus,), Settlement("stopped", Fate.DELETE)),
    ((EngineDisabled,), Settlement("later", Fate.POSTPONE, DISABLED_SECONDS)),
    ((LevelOutOfOrder,), Settlement("later", Fate.RELEASE, OUT_OF_ORDER_SECONDS)),
    ((UnknownDuplication, UnknownLevel), Settlement("released", Fate.LEAVE)),
)


def settle_error(error: DuplicationError, receive_count: int, classify: Callable[[str], str]) -> Settlement:
    """Decide what an error means.

    Parameters: error, by its class; receive_count, how often the message was delivered, for the waiting time;
    classify, the engine's own sorting of SQLSTATEs, asked about errors that have no rule here.
    Returns the settlement.
    """
    for classes, settlement in RULES:
        if isinstance(error, classes):
            return settlement
    kind = classify(error.sqlstate) if error.sqlstate else "transient"
    if kind == "transient":
        return Settlement("transient", Fate.RELEASE, backoff_seconds(receive_count))
    return Settlement("stopped" if kind == "stop" else "lasting", Fate.DELETE)


def backoff_seconds(receive_count: int) -> int:
    """Return how long to wait before the next delivery: doubling, capped, and different for each message."""
    longest = min(LONGEST_BACKOFF_SECONDS, 1 << min(receive_count, 10))
    return max(1, round(longest * random.uniform(0.5, 1.0)))  # noqa: S311 (spreads load, guards nothing)

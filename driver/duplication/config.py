"""Settings, from the environment and from the command line."""

import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from duplication.errors import DuplicationError

PREFIX = "DUPLICATION_"
MAX_CONCURRENCY = 64
MAX_PARALLEL = 16


class ConfigError(DuplicationError):
    """A setting is missing or has a bad value."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set, each as DUPLICATION_<NAME> in the environment; a variable that is empty is not set.

    The queue's endpoint, region and credentials are boto3's own variables (AWS_ENDPOINT_URL, AWS_DEFAULT_REGION …).
    """

    dsn: str = ""
    """The database, in any of libpq's forms; empty: libpq's own variables (PGHOST …)."""
    queue_url: str | None = None
    """URL of the queue of jobs."""
    queue_name: str = "duplicate_episodes"
    """Name of the queue that `duplication queue create` makes."""
    budget_seconds: float = 5.0
    """Time after which a call returns at a batch's end."""
    stall_seconds: float = 600.0
    """Time after which a worker's call that has not returned is given up, with its session."""
    visibility_seconds: int = 60
    """How long a message in work is hidden from others."""
    poll_seconds: int = 1
    """Longest wait for a message."""
    concurrency: int = 1
    """How many jobs a worker does at a time."""
    parallel: int = 1
    """How many sessions share one job's level."""
    carry_on: bool = True
    """Whether a job that is done well within its budget goes on with the next level, without a message for it."""
    memory_mb: int = 256
    """A worker bigger than this ends between two jobs, for its supervisor to start again; 0: no limit."""
    rds_instance: str | None = None
    """Identifier of the RDS instance whose CPU is asked for; None: nobody asks."""
    log_level: str = "INFO"
    """What a worker tells."""
    log_format: str = "auto"
    """How: `json`, `text`, or `auto`: text on a terminal, JSON elsewhere."""
    metrics_port: int | None = None
    """Port on which a worker tells its figures to Prometheus; None: it does not."""
    metrics_host: str = "127.0.0.1"
    """Address on which it does."""

    @property
    def required_queue_url(self) -> str:
        """The queue's URL; raises ConfigError when it is not set."""
        if not self.queue_url:
            raise ConfigError(
                "The queue's URL is not set",
                hint="Set DUPLICATION_QUEUE_URL or pass --queue-url; `duplication queue create` makes a queue",
            )
        return self.queue_url


def number(kind: type[int] | type[float], least: float, most: float) -> Callable[[str], float]:
    """Return a reader for numbers between two bounds."""

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise ValueError(f"{'a whole number' if kind is int else 'a number'} from {least} to {most} is wanted")
        return value

    return read


def pattern(expression: str, wanted: str) -> Callable[[str], str]:
    """Return a reader for texts that match an expression, which is described by `wanted`."""

    def read(text: str) -> str:
        if not re.fullmatch(expression, text):
            raise ValueError(f"{wanted} is wanted")
        return text

    return read


def read_switch(text: str) -> bool:
    """Read on or off."""
    if text not in {"on", "off"}:
        raise ValueError("on or off is wanted")
    return text == "on"


READERS: dict[str, Callable[[str], Any]] = {
    "dsn": str,
    "queue_url": str,
    "queue_name": pattern("[A-Za-z0-9_-]{1,75}", "a name of at most 75 letters, digits, hyphens and underscores"),
    "budget_seconds": number(float, 0.001, 600),
    "stall_seconds": number(float, 1, 86400),
    "visibility_seconds": number(int, 1, 43200),
    "poll_seconds": number(int, 0, 20),
    "concurrency": number(int, 1, MAX_CONCURRENCY),
    "parallel": number(int, 1, MAX_PARALLEL),
    "carry_on": read_switch,
    "memory_mb": number(int, 0, 1 << 20),
    "rds_instance": pattern("[A-Za-z][A-Za-z0-9-]{0,62}", "an RDS instance's identifier"),
    "log_level": pattern("DEBUG|INFO|WARNING|ERROR", "DEBUG, INFO, WARNING or ERROR"),
    "log_format": pattern("auto|json|text", "auto, json or text"),
    "metrics_port": number(int, 1, 65535),
    "metrics_host": str,
}


def load_settings(*, dsn: str | None = None, queue_url: str | None = None) -> Settings:
    """Read the settings.

    Parameters: dsn, queue_url, from the command line; they win over the environment.
    Returns the settings; raises ConfigError naming the variables that have a bad value.
    """
    texts = {name: os.environ.get(PREFIX + name.upper()) for name in READERS}
    texts |= {name: text for name, text in {"dsn": dsn, "queue_url": queue_url}.items() if text is not None}
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, text in texts.items():
        if text:
            try:
                values[name] = READERS[name](text)
            except ValueError as error:
                problems.append(f"{PREFIX}{name.upper()} is {text!r}: {error}")
    if problems:
        raise ConfigError("; ".join(problems))
    return Settings(**values)

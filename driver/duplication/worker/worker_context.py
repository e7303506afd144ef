"""What the threads of one worker share."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from duplication.config import Settings
from duplication.engine import Engine
from duplication.outages import Outages
from duplication.queue import DoneMessages, Queue
from duplication.signals import StopFlag
from duplication.telemetry.jobs import Telemetry
from duplication.worker.database_cpu import CpuGauge


class QueueWatch:
    """When the queue was last seen empty: a message sent long before that has been lost."""

    def __init__(self) -> None:
        self._seen_empty: float | None = None

    def mark(self, asked_at: float) -> None:
        """Record that the queue had no message for somebody who asked at this time (of the monotonic clock)."""
        self._seen_empty = asked_at

    @property
    def seconds_ago(self) -> float | None:
        """How long ago that was; None if it never was."""
        return None if self._seen_empty is None else time.monotonic() - self._seen_empty


class Count:
    """How many threads are doing something. A context manager, entered around it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.number = 0

    def __enter__(self) -> None:
        with self._lock:
            self.number += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.number -= 1


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """What the threads of one worker share.

    connect opens a session; done: the messages of the queue that are dealt with; once: end when there is nothing to do.
    """

    name: str
    connect: Callable[[], Engine]
    queue: Queue
    done: DoneMessages
    settings: Settings
    stop: StopFlag
    cpu: CpuGauge
    once: bool = False
    outages: Outages = field(default_factory=Outages)
    telemetry: Telemetry = field(default_factory=Telemetry)
    queue_watch: QueueWatch = field(default_factory=QueueWatch)
    asking: Count = field(default_factory=Count)
    """Threads that ask the queue, or do what it gave them."""
    working: Count = field(default_factory=Count)
    """Threads that do a job."""

"""What SIGTERM and Ctrl-C do."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

CHECK_SECONDS = 0.1


class StopFlag:
    """Raised by a signal, or by request(); looked at between two steps of work."""

    def __init__(self) -> None:
        self.requested = False

    def request(self) -> None:
        """Ask for the work to stop after the current step."""
        self.requested = True

    def pause(self, seconds: float) -> None:
        """Sleep, but not past a request to stop."""
        end = time.monotonic() + seconds
        while not self.requested and (left := end - time.monotonic()) > 0:
            # A plain flag and short sleeps: an Event's lock may be held when the signal handler wants it.
            time.sleep(min(CHECK_SECONDS, left))


class Backoff:
    """Waiting times that double up to a limit, with some chance in them so that many workers do not come at once."""

    def __init__(self, limit_seconds: float = 30.0) -> None:
        self._limit = limit_seconds
        self._failures = 0

    def next_wait(self) -> float:
        """Return how long to wait after one more failure."""
        self._failures += 1
        return min(self._limit, self.wait_after(self._failures))

    def reset(self) -> None:
        """Start over after a success."""
        self._failures = 0

    @staticmethod
    def wait_after(failures: int) -> float:
        """Return how long to wait after so many failures, at most a minute."""
        longest = min(60.0, 0.5 * 2.0 ** min(failures - 1, 16))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 (spreads load, guards nothing)


@contextmanager
def stop_on_signals() -> Iterator[StopFlag]:
    """Yield a flag that SIGTERM and SIGINT raise; a second signal ends the process at once."""
    flag = StopFlag()

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        if flag.requested:
            os._exit(128 + number)
        flag.request()
        with suppress(OSError):
            # Written past the logging and the buffers, in the middle of which the signal may have come.
            os.write(2, b"Stopping at the end of the batch; a second signal ends it at once\n")

    with _handlers(handle, signal.SIGTERM, signal.SIGINT):
        yield flag


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Make SIGTERM raise KeyboardInterrupt, so that what has to be released is released."""

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        raise KeyboardInterrupt

    with _handlers(handle, signal.SIGTERM):
        yield


@contextmanager
def _handlers(handle: "signal._HANDLER", *numbers: signal.Signals) -> Iterator[None]:
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Waiting for a fact instead of for some time."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")

DEADLINE = 30.0


def eventually(look: Callable[[], T | None], what: str, seconds: float = DEADLINE) -> T:
    """Look until there is something to see, and return it; fail, saying what was missed, at the deadline."""
    end = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > end:
            raise AssertionError(f"not seen within {seconds:.0f} s: {what}")
        time.sleep(0.005)
    return found


class Background(Generic[T]):
    """Work that goes on in a thread of its own while the test does something else."""

    def __init__(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> None:
        thread = ThreadPoolExecutor(max_workers=1)
        self._future = thread.submit(work, *args, **kwargs)
        thread.shutdown(wait=False)

    @property
    def over(self) -> bool:
        return self._future.done()

    def result(self, seconds: float = DEADLINE) -> T:
        """What the work returned; raises what it raised."""
        return self._future.result(seconds)

    def error(self, seconds: float = DEADLINE) -> BaseException | None:
        """What the work ended with; None when it succeeded."""
        return self._future.exception(seconds)

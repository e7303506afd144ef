"""Several sessions that share one level."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from functools import partial

from duplication.engine import Engine
from duplication.errors import WrongStatus
from duplication.models import LevelCall


class Sessions:
    """The sessions that do a job. The first is the one that speaks for the job."""

    def __init__(self, engines: list[Engine], pool: ThreadPoolExecutor | None) -> None:
        self.first = engines[0]
        self._engines = engines
        self._pool = pool

    def duplicate_level(self, duplication_id: int, level: str, budget_seconds: float, *, carry_on: bool) -> LevelCall:
        """Call the level in all sessions; the engine shares its batches among them.

        Returns the call that found the level done, else any. Raises what one of them raises, once all have ended.
        """
        if self._pool is None:
            return self.first.duplicate_level(duplication_id, level, budget_seconds, carry_on=carry_on)
        futures = [
            # each in a copy of this context: what is logged there is of this job, too
            self._pool.submit(
                copy_context().run,
                partial(engine.duplicate_level, duplication_id, level, budget_seconds, carry_on=carry_on),
            )
            for engine in self._engines
        ]
        # A failure ends the duplication; that the others met a failed one then says nothing.
        errors = [error for error in (future.exception() for future in futures) if error is not None]
        if errors:
            raise min(errors, key=lambda error: isinstance(error, WrongStatus))
        return max((future.result() for future in futures), key=lambda call: call.done)


@contextmanager
def open_sessions(first: Engine, connect: Callable[[], Engine], number: int) -> Iterator[Sessions]:
    """Yield so many sessions, of which the first is there already."""
    with ExitStack() as stack:
        engines = [first, *(stack.enter_context(connect()) for _ in range(number - 1))]
        pool = stack.enter_context(ThreadPoolExecutor(number)) if number > 1 else None
        yield Sessions(engines, pool)

"""Does by itself what the settings ask for: discards failed and cancelled copies, deletes what is old."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from duplication.engine import Engine
from duplication.errors import ConnectionLost, DatabaseError
from duplication.models import Chore
from duplication.queue import QueueError
from duplication.worker.session_loop import Step
from duplication.worker.worker_context import WorkerContext

logger = logging.getLogger("duplication")

POLL_SECONDS = 5.0
COUNT_SECONDS = 60.0
BUDGET_SECONDS = 1.0
"""A call ends soon after, so that a worker that is to stop need not wait for it."""
SKIP_SECONDS = 3600.0
"""For so long a copy is left alone that could not be discarded."""


class Housekeeper:
    """ViewCache for chores every few seconds."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._skipped: dict[int, float] = {}
        self._counted_at: float | None = None

    @contextmanager
    def open_step(self, engine: Engine) -> Iterator[Step]:
        """Yield what does the next chore, or rests when there is none, or the database is busy."""

        def step() -> None:
            self._count_dead_letters()
            chore = None
            if engine.check_admission(self._context.cpu.read()) is None:
                chore = engine.next_chore(self._list_skipped())
            if chore is None:
                self._context.stop.pause(POLL_SECONDS)
            else:
                self._do(engine, chore)

        yield step

    def _count_dead_letters(self) -> None:
        now = time.monotonic()
        if not self._context.telemetry.is_served or (self._counted_at and now - self._counted_at < COUNT_SECONDS):
            return
        self._counted_at = now
        # A queue may have no dead letters, or let nobody look at them: that is for `duplication dead-letters` to say.
        with suppress(QueueError):
            number = self._context.queue.find_dead_letters().count_messages()
            self._context.telemetry.metrics.dead_letters.set(number)

    def _list_skipped(self) -> list[int]:
        now = time.monotonic()
        self._skipped = {number: until for number, until in self._skipped.items() if until > now}
        return list(self._skipped)

    def _do(self, engine: Engine, chore: Chore) -> None:
        if chore.duplication_id is None:
            engine.purge(BUDGET_SECONDS)
            return
        try:
            if engine.discard(chore.duplication_id, BUDGET_SECONDS):
                logger.info("Duplication %d is discarded, as the settings ask", chore.duplication_id)
        except ConnectionLost:
            raise
        except DatabaseError as error:
            self._skipped[chore.duplication_id] = time.monotonic() + SKIP_SECONDS
            logger.warning(
                "Duplication %d could not be discarded: %s (SQLSTATE %s); tried again in an hour",
                chore.duplication_id,
                error.message,
                error.sqlstate,
            )

"""What a person watches: how far each duplication is, how fast it comes on, how long it will take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from duplication.engine import Engine
from duplication.models import Batch, Duplication, LevelProgress

WINDOW = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class View:
    """One duplication as it is now; batches are the latest, the newest first."""

    duplication: Duplication
    levels: list[LevelProgress]
    batches: list[Batch]
    rows_per_second: float | None
    seconds_left: float | None

    @property
    def is_over(self) -> bool:
        """Whether nothing happens to it by itself any more."""
        return "unfinished" not in self.duplication.traits

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it is not completed."""
        done = self.duplication
        if done.started_at is None or done.completed_at is None:
            return None
        return (done.completed_at - done.started_at).total_seconds()

    @property
    def rows_planned(self) -> int:
        """How many rows are planned so far, over all levels."""
        return sum(level.rows_planned or 0 for level in self.levels)

    @property
    def rows_done(self) -> int:
        """How many of the planned rows are done, over all levels."""
        return sum(level.rows_done or 0 for level in self.levels)


def load_view(engine: Engine, duplication_id: int) -> View:
    """Look at one duplication. Raises UnknownDuplication."""
    return add_progress(engine, engine.find_duplication(duplication_id))


def add_progress(engine: Engine, duplication: Duplication) -> View:
    """Look at how far a duplication is."""
    levels = engine.list_progress(duplication.id)
    batches = engine.list_batches(duplication.id)
    rate = left = None
    if "copying" in duplication.traits:
        rate = measure_rate(batches, engine.read_clock())
        left = estimate_seconds_left(levels, rate)
    return View(duplication, levels, batches, rate, left)


def measure_rate(batches: Sequence[Batch], now: datetime) -> float | None:
    """Return the rows per second of the batches that ended in the last ten seconds; None when there was none."""
    recent = [batch for batch in batches if batch.ended_at > now - WINDOW]
    if not recent:
        return None
    begun = max(min(batch.started_at for batch in recent), now - WINDOW)
    seconds = (now - begun).total_seconds()
    return sum(batch.rows_planned for batch in recent) / seconds if seconds > 0 else None


def estimate_seconds_left(levels: Sequence[LevelProgress], rate: float | None) -> float | None:
    """Return how long the rows that are planned and not yet done will take at this rate; None when nobody knows."""
    if not rate:
        return None
    return sum((level.rows_planned or 0) - (level.rows_done or 0) for level in levels) / rate

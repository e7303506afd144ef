"""Copies a tree now, without a queue: what the worker does job by job, in one go."""

from collections.abc import Callable, Sequence

from duplication.models import Duplication, LevelProgress
from duplication.worker.sessions import Sessions

BUDGET_SECONDS = 0.5


def copy_levels(
    sessions: Sessions, duplication_id: int, show: Callable[[Sequence[LevelProgress]], None]
) -> tuple[Duplication, list[LevelProgress]]:
    """Copy every level that is not done yet.

    Parameters: sessions, that share the work; show, called after each call with how far the levels are.
    Returns the duplication and its levels as they are then. Raises what the engine raises; what is copied by then
    stays copied.
    """
    engine = sessions.first
    level = engine.next_level(duplication_id)
    while level is not None:
        call = sessions.duplicate_level(duplication_id, level, BUDGET_SECONDS, carry_on=True)
        show(engine.list_progress(duplication_id))
        level = call.next_level
    return engine.find_duplication(duplication_id), engine.list_progress(duplication_id)

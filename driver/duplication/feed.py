"""The feed, from a cursor on: for everything that watches."""

import time
from collections.abc import Callable, Iterator

from duplication.engine import Engine
from duplication.models import Event

POLL_SECONDS = 0.5


def follow_feed(
    engine: Engine, after: str | None, pause: Callable[[float], object] = time.sleep
) -> Iterator[list[Event]]:
    """Yield what happens, some events at a time and none missed; an empty list after each look that found nothing.

    Parameters: engine, a session of its own; after, the cursor of the last event seen, None for what comes from now on
    (then a `reset` comes first, with the cursor to begin with); pause, waits so many seconds.
    """
    while True:
        events = engine.read_events(after)
        if events:
            after = events[-1].cursor
        yield events
        if not events:
            pause(POLL_SECONDS)

"""`duplication watch`: follows the feed, and keeps what is shown up to date, also over a lost connection."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from duplication.display.overview import View, add_progress, load_view
from duplication.engine import Engine
from duplication.errors import ConnectionLost
from duplication.feed import follow_feed
from duplication.models import Event
from duplication.signals import Backoff

MOST_UNFINISHED = 100
MOST_RECENT = 10

Connect = Callable[[], Engine]


class Screen(Protocol):
    """Where a person or a program sees it."""

    def show(self, views: Sequence[View], events: Sequence[Event]) -> None:
        """Show how things are, and what has happened since the last look."""

    def lose(self, error: ConnectionLost) -> None:
        """Say that the database is gone for the moment."""


def watch(
    connect: Connect, screen: Screen, only: int | None, pause: Callable[[float], object] = time.sleep
) -> View | None:
    """Show what happens, until the one duplication is over, or for ever.

    Parameters: connect opens a session; only, one duplication, None for all; pause, waits so many seconds.
    Returns the duplication as it is at its end. Raises UnknownDuplication.
    """
    watched = Watched(only)
    backoff = Backoff()
    while True:
        try:
            with connect() as engine:
                for events in watched.follow(engine, pause):
                    backoff.reset()
                    screen.show(watched.views, events)
                    # the end is told before it is believed: the look may have come between the two
                    if only is not None and not events and watched.views[0].is_over:
                        return watched.views[0]
        except ConnectionLost as error:
            if not watched.views:
                raise
            screen.lose(error)
            pause(backoff.next_wait())


class Watched:
    """The duplications that are watched, as they were at the last look, and how much of the feed was read by then."""

    def __init__(self, only: int | None) -> None:
        self._only = only
        self._after: str | None = None
        self._views: dict[int, View] = {}

    @property
    def views(self) -> list[View]:
        """What is unfinished, the oldest first; then what is over, the latest first."""
        unfinished = [view for id_, view in sorted(self._views.items()) if not view.is_over]
        over = [view for id_, view in sorted(self._views.items(), reverse=True) if view.is_over]
        return unfinished + over[:MOST_RECENT]

    def follow(self, engine: Engine, pause: Callable[[float], object]) -> Iterator[list[Event]]:
        """Yield what has happened, after each look; the views are as new as that. Goes on where it was broken off."""
        for events in follow_feed(engine, self._after, pause):
            ours = [event for event in events if event.duplication_id in {self._only, None} or self._only is None]
            self._refresh(engine, ours)
            if events:
                self._after = events[-1].cursor
            yield ours

    def _refresh(self, engine: Engine, events: Sequence[Event]) -> None:
        touched = {event.duplication_id for event in events if event.duplication_id is not None}
        if self._only is not None:
            if events or not self._views or not self.views[0].is_over:
                self._views = {self._only: load_view(engine, self._only)}
            return
        unfinished = engine.list_unfinished(MOST_UNFINISHED)
        if any(event.type == "reset" for event in events):
            self._views.clear()
            touched |= {duplication.id for duplication in engine.list_duplications(MOST_RECENT)}
        for duplication in unfinished:
            # how far it is costs a few queries: only of those that move
            if duplication.id not in self._views or "copying" in duplication.traits:
                touched.discard(duplication.id)
                self._views[duplication.id] = add_progress(engine, duplication)
            else:
                self._views[duplication.id] = replace(self._views[duplication.id], duplication=duplication)
        gone = {id_ for id_, view in self._views.items() if not view.is_over} - {item.id for item in unfinished}
        for id_ in touched | gone:
            self._views[id_] = load_view(engine, id_)

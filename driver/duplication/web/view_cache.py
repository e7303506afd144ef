"""How duplications are, asked of the database seldom, however many people look."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from duplication.display.overview import View, add_progress
from duplication.engine import Engine
from duplication.models import Duplication

FRESH_SECONDS = 0.4
MOST_SESSIONS = 4
MOST_KEPT = 1000


class Database:
    """Sessions for single requests, a few at a time. Safe to use from several threads.

    Parameters: connect, opens a session.
    """

    def __init__(self, connect: Callable[[], Engine]) -> None:
        self._connect = connect
        self._slots = threading.BoundedSemaphore(MOST_SESSIONS)

    @contextmanager
    def session(self) -> Iterator[Engine]:
        """Yield a session of one's own; waits for its turn."""
        with self._slots, self._connect() as engine:
            yield engine


class ViewCache:
    """The latest looks at duplications; one half a second old is new enough. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._kept: dict[int, tuple[float, View]] = {}

    def look(self, duplication_id: int) -> View:
        """Return how a duplication is. Raises UnknownDuplication."""
        with self._lock:
            if (view := self._fresh(duplication_id)) is None:
                with self._database.session() as engine:
                    view = self._keep(add_progress(engine, engine.find_duplication(duplication_id)))
            return view

    def look_at(self, engine: Engine, duplication: Duplication) -> View:
        """Return how far a duplication is that was just read."""
        return self._fresh(duplication.id) or self._keep(add_progress(engine, duplication))

    def forget(self, duplication_id: int) -> None:
        """Have the next look be a new one: somebody has changed something."""
        self._kept.pop(duplication_id, None)

    def _fresh(self, duplication_id: int) -> View | None:
        looked_at, view = self._kept.get(duplication_id, (0.0, None))
        return view if time.monotonic() - looked_at < FRESH_SECONDS else None

    def _keep(self, view: View) -> View:
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[view.duplication.id] = time.monotonic(), view
        return view

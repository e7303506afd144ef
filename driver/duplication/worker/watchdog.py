"""Cuts off sessions whose call never returns: the network stands still, and neither side has been told."""

import logging
import threading
from collections.abc import Callable

from duplication.engine import Engine

logger = logging.getLogger("duplication")


class Watchdog:
    """Opens sessions, and looks after them. Safe to use from several threads.

    Parameters: connect, opens a session; limit_seconds, the longest that a call may take.
    """

    def __init__(self, connect: Callable[[], Engine], limit_seconds: float) -> None:
        self._connect = connect
        self._limit_seconds = limit_seconds
        self._lock = threading.Lock()
        self._engines: list[Engine] = []

    def connect(self) -> Engine:
        """Open a session that is looked after."""
        engine = self._connect()
        with self._lock:
            self._engines = [other for other in self._engines if not other.closed]
            self._engines.append(engine)
        return engine

    def check(self) -> None:
        """Cut off every session whose call takes too long; whoever called meets ConnectionLost."""
        with self._lock:
            engines = list(self._engines)
        for engine in engines:
            if engine.seconds_in_call > self._limit_seconds:
                logger.warning("A call has not returned for %.0f s: its session is cut off", engine.seconds_in_call)
                engine.cut_off()

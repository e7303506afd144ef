"""Tells that something is gone, and that it is back: each once, whatever the number of threads that meet it."""

import logging
import threading

logger = logging.getLogger("duplication")


class Outages:
    """What is gone at the moment. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gone: set[str] = set()

    def begin(self, what: str, message: str) -> None:
        """Tell that something is gone, such as "The queue"; again and again only for those who debug."""
        with self._lock:
            is_new = what not in self._gone
            self._gone.add(what)
        logger.log(logging.WARNING if is_new else logging.DEBUG, "%s: %s; trying again", what, message)

    def end(self, what: str) -> None:
        """Tell that something is back, if it was gone."""
        with self._lock:
            was_gone = what in self._gone
            self._gone.discard(what)
        if was_gone:
            logger.info("%s is back", what)

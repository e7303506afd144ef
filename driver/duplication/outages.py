"""Tells that something is gone, and that it is back: each once, whatever the number of threads that meet it."""

import logging
import threading
import time

logger = logging.getLogger("duplication")


class Outages:
    """What is gone at the moment. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gone: dict[str, float] = {}
        self._back: dict[str, float] = {}

    def begin(self, what: str, message: str, since: float | None = None) -> None:
        """Tell that something is gone, such as "The queue"; again and again only for those who debug.

        Parameters: since, when what is lost now was had (of the monotonic clock): before it was last back, the loss is
        that of the outage that is over.
        """
        with self._lock:
            is_old = since is not None and since < self._back.get(what, since)
            is_new = what not in self._gone and not is_old
            if is_new:
                self._gone[what] = time.monotonic()
        logger.log(logging.WARNING if is_new else logging.DEBUG, "%s: %s; trying again", what, message)

    def end(self, what: str, asked_at: float) -> None:
        """Tell that something is back, if it was gone.

        Parameters: asked_at, when it was asked for what it has answered (of the monotonic clock): an answer to an older
        question does not say that it is back.
        """
        with self._lock:
            is_back = what in self._gone and self._gone[what] < asked_at
            if is_back:
                del self._gone[what]
                self._back[what] = time.monotonic()
        if is_back:
            logger.info("%s is back", what)

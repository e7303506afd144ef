"""A network in between, that can stand still."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType


class Proxy:
    """Forwards connections to a port of this machine, until it is told to stand still: then neither side is told."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._stalled: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def stall(self) -> int:
        """Forward nothing more on the connections that there are; later ones are as good as ever. Return how many."""
        with self._lock:
            self._stalled.update(self._open)
            return len(self._open) // 2

    def hang_up(self) -> None:
        """Let both sides of the connections that stand still know: a network that is mended, or a keepalive."""
        with self._lock:
            for one in self._stalled:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            self._stalled.clear()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection(self._target)
                except OSError:
                    near.close()
                    continue
                with self._lock:
                    self._open += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._forward, args=(source, target), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if source in self._stalled:
                    return
                target.sendall(data)
        # also when this end was reset, as that of a killed process with something unread is
        if source not in self._stalled:
            with contextlib.suppress(OSError):
                target.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        with self._lock:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

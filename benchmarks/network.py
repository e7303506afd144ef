"""A network that takes its time: a proxy that hands everything on a little later, in a process of its own.

Usage: network.py PORT SECONDS. Listens on a free port of 127.0.0.1, which it prints, until its input ends; hands each
burst on to PORT, and back, after so many seconds. While one burst waits, others may come: it takes no bandwidth away.
"""

import ctypes
import select
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import psycopg

ROUND_TRIP_SECONDS = 0.001
BURST = 1 << 18
PR_SET_TIMERSLACK = 29
SAMPLES = 400


@dataclass(frozen=True, slots=True)
class Network:
    """A network with a delay: the port to reach the database by, and what a round trip takes, in milliseconds."""

    port: int
    round_trip_ms: float
    direct_ms: float


@contextmanager
def proxy(port: int, seconds: float) -> Iterator[int]:
    """Run a proxy before a port while the block lasts; yields the proxy's port."""
    command = [sys.executable, "-I", __file__, str(port), str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()


@contextmanager
def delayed_network(dsn: str, port: int) -> Iterator[Network]:
    """Run a proxy that makes a round trip a millisecond longer, while the block lasts.

    Parameters: dsn of a database, to try it on; port of its server.
    The proxy's own work is part of that millisecond: its delay is what is missing, found by trying.
    """
    direct = measure_round_trip(dsn, port)
    seconds = ROUND_TRIP_SECONDS / 2
    for _ in range(3):
        with proxy(port, seconds) as nearer:
            added = measure_round_trip(dsn, nearer) - direct
        seconds = max(seconds + (ROUND_TRIP_SECONDS - added) / 2, 0)
    with proxy(port, seconds) as nearer:
        yield Network(nearer, 1000 * measure_round_trip(dsn, nearer), 1000 * direct)


def measure_round_trip(dsn: str, port: int) -> float:
    """Return the seconds that the smallest statement takes, the median of many."""
    taken = []
    with psycopg.connect(dsn, port=port, autocommit=True) as connection:
        for _ in range(SAMPLES):
            start = time.perf_counter()
            connection.execute("select 1")
            taken.append(time.perf_counter() - start)
    return median(taken)


class Delay:
    """Connections on their way through, and the bursts that are under way, the oldest first."""

    def __init__(self, port: int, seconds: float) -> None:
        self._port = port
        self._seconds = seconds
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._other: dict[socket.socket, socket.socket] = {}
        self._under_way: deque[tuple[float, socket.socket, bytes]] = deque()

    def run(self) -> None:
        """Hand on until the input ends."""
        while True:
            wait = max(self._under_way[0][0] - time.monotonic(), 0) if self._under_way else None
            ready, _, _ = select.select([sys.stdin, self._listener, *self._other], [], [], wait)
            now = time.monotonic()
            for one in ready:
                if one is sys.stdin:
                    return
                if one is self._listener:
                    self._accept()
                elif one in self._other:
                    self._take(one, now)
            while self._under_way and self._under_way[0][0] <= time.monotonic():
                self._hand_on(*self._under_way.popleft()[1:])

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        far = socket.create_connection(("127.0.0.1", self._port))
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._other |= {near: far, far: near}

    def _take(self, one: socket.socket, now: float) -> None:
        try:
            burst = one.recv(BURST)
        except OSError:
            burst = b""
        self._under_way.append((now + self._seconds, self._other[one], burst))
        if not burst:
            del self._other[one]

    def _hand_on(self, target: socket.socket, burst: bytes) -> None:
        try:
            if burst:
                target.sendall(burst)
            else:
                target.shutdown(socket.SHUT_WR)
        except OSError:
            # gone meanwhile; its own end of input tells the other side
            return


def main(port: str, seconds: str) -> None:
    """Be a proxy until the input ends."""
    # else the kernel may let it sleep 50 microseconds longer, to save power
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(PR_SET_TIMERSLACK, 1)
    delay = Delay(int(port), float(seconds))
    print(delay.port, flush=True)
    delay.run()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The ways of copying a tree that are measured against each other."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import psycopg

from benchmarks.databases import (
    HERE,
    MEMORY,
    cloned,
    database_dsn,
    read_peak_mb,
    run_psql_at_once,
)
from benchmarks.gauges import process_peak_mb, read_costs, read_counters
from benchmarks.shapes import Source, check_copies
from benchmarks.workers import request_copies, running_workers
from duplication.embedded import Server

LOOK_SECONDS = 0.02
PER_SET_ROWS = 2000
NUMBERS = count()
"""For directories and queues of workers, each of which needs a name of its own."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What measurements need: a database server, a queue server, a directory, and whether all of it is only tiny."""

    server: Server
    endpoint: str
    home: Path
    is_tiny: bool

    def new_directory(self) -> Path:
        """Return a directory that is not there yet."""
        return self.home / f"workers{next(NUMBERS)}"


@dataclass(frozen=True, slots=True)
class Task:
    """One copy to make: of what, and by which DSN."""

    bench: Bench
    source: Source
    dsn: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What a copy took: seconds, and the peak memory of the client, or of the worker."""

    seconds: float
    peak_mb: float | None


Way = Callable[[Task], Taken]


def by_psql(task: Task, *arguments: str, sessions: int = 1) -> Taken:
    """Run psql, in several sessions at once if so told, and take the time from its start to its end."""
    start = time.perf_counter()
    said = run_psql_at_once(task.bench.server, task.dsn, sessions, *arguments, "-c", MEMORY)
    seconds = time.perf_counter() - start
    return Taken(seconds, max((peak for one in said if (peak := read_peak_mb(one))), default=None))


def plain(task: Task) -> Taken:
    """Run the plain statements."""
    return by_psql(task, "-v", f"key={task.source.key}", "-f", str(task.source.plain))


def ours(task: Task, sessions: int = 1) -> Taken:
    """Call the engine, in several sessions at once if so told: they share the work."""
    return by_psql(task, "-c", task.source.call, sessions=sessions)


def ours_per_set(task: Task, sessions: int = 1) -> Taken:
    """Call the engine, which is to check the foreign keys of large batches as sets."""
    with psycopg.connect(task.dsn) as connection:
        connection.execute("update duplication.settings set foreign_keys_per_set = %s", (PER_SET_ROWS,))
    return ours(task, sessions)


def worker(task: Task) -> Taken:
    """Request the copy, and have a worker make it: from the request's commit until it is completed."""
    bench = task.bench
    with running_workers(task.dsn, bench.endpoint, bench.new_directory(), 1) as running:
        seconds = request_copies(running, task.source.tree, task.source.key, 1, LOOK_SECONDS)
        return Taken(seconds, process_peak_mb(running.processes[0].pid))


def client(task: Task, way: str) -> Taken:
    """Copy through a client, as an application would by hand."""
    done = subprocess.run(
        [sys.executable, "-P", HERE / "clients.py", way, task.dsn, task.source.key],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return Taken(**json.loads(done.stdout))


WAYS: dict[str, Way] = {
    "plain": plain,
    "ours": ours,
    "ours, 2 sessions": partial(ours, sessions=2),
    "ours, worker": worker,
    "ours, per set": ours_per_set,
    "ours, 2 sessions, per set": partial(ours_per_set, sessions=2),
    "naive": partial(client, way="naive"),
    "chunked": partial(client, way="chunked"),
}
TITLES = {
    "plain": "four plain `INSERT … SELECT`, psql",
    "ours": "`call duplication.duplicate(…)`, psql",
    "ours, 2 sessions": "the same in two sessions at once",
    "ours, worker": "through queue and worker",
    "ours, per set": "`duplicate`, foreign keys per set",
    "ours, 2 sessions, per set": "the same in two sessions at once",
    "naive": "row by row through a client",
    "chunked": "chunk by chunk through a client",
}


def measure(bench: Bench, source: Source, way: str, port: int | None = None) -> dict[str, float]:
    """Take a way once, on a fresh clone, and look whether the copy is whole.

    Parameters: way, of WAYS; port, of a proxy to go through.
    Returns figures by name: seconds, peak_mb, and those of gauges.read_costs.
    """
    with cloned(bench.server, source.name) as name:
        direct = database_dsn(bench.server, name)
        before = read_counters(direct)
        taken = WAYS[way](Task(bench, source, database_dsn(bench.server, name, port=port or bench.server.port)))
        costs = read_costs(direct, before)
        check_copies(direct, source)
    peak = {"peak_mb": taken.peak_mb} if taken.peak_mb is not None else {}
    return {"seconds": taken.seconds} | peak | costs

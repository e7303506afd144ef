"""The ways of copying a tree that are measured against each other."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import psycopg

from benchmarks.databases import (
    CLOCK,
    HERE,
    MEMORY,
    cloned,
    database_dsn,
    read_clock,
    read_peak_mb,
    run_psql_at_once,
)
from benchmarks.gauges import process_peak_mb, read_costs, read_counters
from benchmarks.shapes import Source, check_copies
from benchmarks.workers import request_copies, running_workers
from duplication.local.embedded import Server

LOOK_SECONDS = 0.02
PER_SET = ", per set"
"""What the names of ways end with whose engine checks foreign keys for a batch at once."""
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
    """What a copy took: seconds, and the peak memory of the client, or of the worker; how many copies there are."""

    seconds: float
    peak_mb: float | None
    copies: int = 1


Way = Callable[[Task], Taken]


def by_psql(task: Task, *arguments: str, sessions: int = 1) -> Taken:
    """Run psql, in several sessions at once if so told, from the first statement's begin to the last one's end."""
    said = run_psql_at_once(task.bench.server, task.dsn, sessions, "-c", CLOCK, *arguments, "-c", CLOCK, "-c", MEMORY)
    times = [read_clock(one) for one in said]
    seconds = max(end for _, end in times) - min(start for start, _ in times)
    return Taken(seconds, max((peak for one in said if (peak := read_peak_mb(one))), default=None))


def plain(task: Task) -> Taken:
    """Run the plain statements."""
    return by_psql(task, "-v", f"key={task.source.key}", "-f", str(task.source.plain))


def plain_at_once(task: Task) -> Taken:
    """Run the plain statements in two sessions at once, a copy each; tell the time for each copy."""
    taken = by_psql(task, "-v", f"key={task.source.key}", "-f", str(task.source.plain), sessions=2)
    return Taken(taken.seconds / 2, taken.peak_mb, copies=2)


def ours(task: Task, sessions: int = 1) -> Taken:
    """Call the engine, in several sessions at once if so told: they share the work."""
    return by_psql(task, "-c", task.source.call, sessions=sessions)


def worker(task: Task) -> Taken:
    """Request the copy, and have a worker make it: from the request's commit until it is completed."""
    bench = task.bench
    with running_workers(task.dsn, bench.endpoint, bench.new_directory(), 1) as running:
        seconds = request_copies(running, task.source.tree, task.source.key, 1, LOOK_SECONDS)
        return Taken(seconds, process_peak_mb(running.processes[0].pid))


def per_set(way: Way) -> Way:
    """Return a way with the engine told to check the foreign keys of large batches as sets."""

    def take(task: Task) -> Taken:
        check_per_set(task.dsn)
        return way(task)

    return take


def check_per_set(dsn: str) -> None:
    """Have a database's engine check the foreign keys of large batches as sets."""
    with psycopg.connect(dsn) as connection:
        connection.execute("update duplication.settings set foreign_keys_per_set = %s", (PER_SET_ROWS,))


def client(task: Task, *program: str) -> Taken:
    """Copy through a client, as an application would; program: the module, and its first arguments."""
    done = subprocess.run(
        [sys.executable, "-m", *program, task.dsn, task.source.key],
        cwd=HERE.parent,
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
    "ours, per set": per_set(ours),
    "ours, 2 sessions, per set": per_set(partial(ours, sessions=2)),
    "ours, worker, per set": per_set(worker),
    "plain, 2 at once": plain_at_once,
    "naive": lambda task: client(task, "benchmarks.clients", "naive"),
    "chunked": lambda task: client(task, "benchmarks.clients", "chunked"),
    "framework": lambda task: client(task, "benchmarks.framework"),
}
TITLES = {
    "plain": "four plain `INSERT … SELECT`, psql",
    "ours": "`call duplication.duplicate(…)`, psql",
    "ours, 2 sessions": "`duplicate` in two sessions at once",
    "ours, worker": "a worker with a queue",
    "ours, per set": "`duplicate`, foreign keys per set",
    "ours, 2 sessions, per set": "`duplicate` in two sessions at once, foreign keys per set",
    "ours, worker, per set": "a worker with a queue, foreign keys per set",
    "naive": "row by row through a client",
    "chunked": "chunk by chunk through a client, statements written by hand",
    "framework": "chunk by chunk through the objects of an ORM (SQLAlchemy)",
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
        check_copies(direct, source, taken.copies)
    peak = {"peak_mb": taken.peak_mb} if taken.peak_mb is not None else {}
    # what several copies cost is not what one does
    return {"seconds": taken.seconds} | peak | (costs if taken.copies == 1 else {})

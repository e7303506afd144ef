"""Small episodes: one call in a warm or in a cold session, and how many a second when many are asked for at once."""

import re
import subprocess
from statistics import median

from benchmarks.databases import cloned, database_dsn, run_psql
from benchmarks.shapes import Source, check_copies
from benchmarks.ways import PER_SET, Bench, check_per_set
from benchmarks.workers import request_copies, running_workers

COPIES = 40
COLD_COPIES = 20
REQUESTS = 300
WORKERS = 2
CONCURRENCY = 2
LOOK_SECONDS = 0.02
TIMING = r"\timing on"


def prepare(bench: Bench, name: str, way: str) -> str:
    """Set up a clone for a way; returns its DSN."""
    dsn = database_dsn(bench.server, name)
    if way.endswith(PER_SET):
        check_per_set(dsn)
    return dsn


def statements(source: Source, way: str) -> list[str]:
    """Return the arguments with which psql copies the episode once."""
    return ["-f", str(source.plain)] if way == "plain" else ["-c", source.call]


def time_copies(bench: Bench, source: Source, dsn: str, way: str, copies: int) -> list[float]:
    """Copy so many times in one session; returns the milliseconds of each, as psql takes them, connecting left out."""
    said = run_psql(bench.server, dsn, "-v", f"key={source.key}", "-c", TIMING, *statements(source, way) * copies)
    times = [float(found) for found in re.findall(r"^Time: ([0-9.]+) ms", said, re.M)]
    each = len(times) // copies
    return [sum(times[first : first + each]) for first in range(0, len(times), each)]


def measure_sessions(bench: Bench, source: Source, way: str) -> dict[str, float]:
    """Return the median milliseconds of a copy in a session that has made some, and in one that has just begun.

    Parameters: way, `plain`, `ours`, or `ours, per set`.
    """
    copies, cold_copies = (5, 3) if bench.is_tiny else (COPIES, COLD_COPIES)
    with cloned(bench.server, source.name) as name:
        dsn = prepare(bench, name, way)
        warm = time_copies(bench, source, dsn, way, copies)
        cold = [time_copies(bench, source, dsn, way, 1)[0] for _ in range(cold_copies)]
        check_copies(dsn, source, copies + cold_copies)
    return {"warm_ms": median(warm), "cold_ms": median(cold)}


def measure_rush(bench: Bench, source: Source, way: str) -> dict[str, float]:
    """Return how many copies a second are made of many: by two clients in a loop, or by two workers.

    Parameters: way, `plain`, `ours, worker`, or `ours, worker, per set`.
    """
    copies = 20 if bench.is_tiny else REQUESTS
    with cloned(bench.server, source.name) as name:
        dsn = prepare(bench, name, way)
        if way == "plain":
            seconds = loop(bench, source, dsn, copies)
        else:
            options = ("--concurrency", str(CONCURRENCY))
            with running_workers(dsn, bench.endpoint, bench.new_directory(), WORKERS, *options) as running:
                seconds = request_copies(running, source.tree, source.key, copies, LOOK_SECONDS)
        check_copies(dsn, source, copies)
    return {"seconds": seconds, "copies_a_second": copies / seconds}


def loop(bench: Bench, source: Source, dsn: str, copies: int) -> float:
    """Have two clients run the plain statements over and over; returns the seconds, connecting left out."""
    done = subprocess.run(
        [
            bench.server.bindir / "pgbench", "--no-vacuum", "--client=2", "--jobs=2",
            f"--transactions={copies // 2}", f"--define=key={source.key}", f"--file={source.plain}", dsn,
        ],
        check=True,
        capture_output=True,
        text=True,
    )  # fmt: skip
    (rate,) = re.findall(r"^tps = ([0-9.]+) \(without", done.stdout, re.M)
    return copies / float(rate)

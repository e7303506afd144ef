"""Measures the engine against that of another commit, in turn, in one run: what has a change cost?

Two databases hold the same episode, each with the engine of its commit; every measurement has a fresh clone.
"""

import argparse
import io
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from benchmarks.databases import HERE, SETTINGS, database_dsn, describe_machine, run_psql, time_in_clone
from benchmarks.shapes import Shape
from duplication.engine import Engine
from duplication.local.embedded import Server, postgres_server
from duplication.local.sample import load_episode

GIT = shutil.which("git") or "git"
MIGRATE = "import sys; from duplication.migrations import migrate; migrate(sys.argv[1], with_content=True)"
SHAPES = {"wide, 500,000 blocks": (Shape(100, 50, 100), 1), "small, 1,000 blocks, 40 copies": (Shape(10, 5, 20), 40)}


def check_out(ref: str, directory: Path) -> Path:
    """Unpack the SQL and the driver of a commit; returns where they are."""
    archive = subprocess.run([GIT, "archive", ref, "sql", "driver"], cwd=HERE.parent, check=True, capture_output=True)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(directory, filter="data")
    return directory


def make_source(server: Server, name: str, checkout: Path, shape: Shape) -> str:
    """Create a database with an episode and the engine of a checkout; returns the episode's key."""
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
    dsn = database_dsn(server, name)
    environment = {**os.environ, "PYTHONPATH": str(checkout / "driver")}
    subprocess.run([sys.executable, "-c", MIGRATE, dsn], env=environment, check=True)
    with Engine.connect(dsn) as engine:
        key = load_episode(engine, shape.parts, shape.items, shape.blocks)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("vacuum (analyze)")
    return key


def compare(server: Server, checkouts: dict[str, Path], shape: Shape, copies: int, rounds: int) -> list[float]:
    """Return, per round, the time of the second checkout as a multiple of the first's."""
    calls: dict[str, list[str]] = {}
    for name, checkout in checkouts.items():
        key = make_source(server, name, checkout, shape)
        calls[name] = ["-c", f"call duplication.duplicate('episode', '{key}')"] * copies
    ratios = []
    for number in range(rounds):
        # neither is always the one that finds the machine warm
        order = list(checkouts) if number % 2 else list(checkouts)[::-1]
        seconds = {
            name: time_in_clone(server, partial(lambda name, dsn: run_psql(server, dsn, *calls[name]), name), name)
            for name in order
        }
        before, after = (seconds[name] for name in checkouts)
        ratios.append(after / before)
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        for name in checkouts:
            connection.execute(f"drop database {name}".encode())
    return ratios


def main() -> None:
    """Measure on the embedded server, or on that of PG_BINDIR, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ref", help="the commit to compare with")
    parser.add_argument("--rounds", type=int, default=6)
    options = parser.parse_args()
    with TemporaryDirectory(prefix="duplication-bench-", dir="/tmp") as directory:
        home = Path(directory)
        home.chmod(0o755)
        before = check_out(options.ref, home / "before")
        with postgres_server(home, None, **SETTINGS) as server:
            print(f"{describe_machine(server)}: time / time at {options.ref}, median (from–to)")
            for title, (shape, copies) in SHAPES.items():
                ratios = compare(
                    server, {"bench_before": before, "bench_after": HERE.parent}, shape, copies, options.rounds
                )
                print(f"{title}: {statistics.median(ratios):.3f} ({min(ratios):.2f}–{max(ratios):.2f})", flush=True)


if __name__ == "__main__":
    main()

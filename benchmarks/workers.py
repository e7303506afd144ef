"""Workers and their queue, as in production: processes of the `duplication` command, and requests by SQL."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import psycopg
from botocore.config import Config

from duplication.engine import Engine
from duplication.local.demo import make_variables, run_command
from duplication.local.sample import load_episode
from duplication.queue import create_queues

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

WAIT_SECONDS = 900
WARM_UP = 4
UNFINISHED = "select count(*) from duplication.duplications where status in ('pending', 'in_progress')"
COMPLETED = "select count(*) from duplication.duplications where status = 'completed'"


@dataclass(frozen=True, slots=True)
class Workers:
    """The workers of a database: its DSN, a directory for their logs, and the processes."""

    dsn: str
    home: Path
    processes: "list[subprocess.Popen[bytes]]"

    def check(self) -> None:
        """Raise RuntimeError when a worker has ended."""
        for number, process in enumerate(self.processes):
            if process.poll() is not None:
                log = self.home / str(number) / "worker.log"
                raise RuntimeError(f"A worker ended: {log.read_text()[-2000:]}")


@cache
def connect_client(endpoint: str) -> "SQSClient":
    """Return a client of a queue server of ours, whatever a person's own settings are."""
    return boto3.Session().client(
        "sqs",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="benchmark",
        aws_secret_access_key="benchmark",  # noqa: S106 (the queue server takes any)
        config=Config(proxies={}),
    )


@contextmanager
def running_workers(dsn: str, endpoint: str, home: Path, workers: int, *options: str) -> Iterator[Workers]:
    """Run workers for a database while the block lasts, with a queue of their own; they are warm when it begins.

    Parameters: endpoint, of the queue server; home, a directory of their own; workers, how many; options, of each.
    """
    home.mkdir()
    variables = make_variables(dsn, endpoint)
    variables["DUPLICATION_QUEUE_URL"] = create_queues(home.name, connect_client(endpoint))
    with ExitStack() as stack:
        processes = []
        for number in range(workers):
            (home / str(number)).mkdir()
            processes.append(stack.enter_context(run_command(home / str(number), variables, "worker", *options)))
        running = Workers(dsn, home, processes)
        warm_up(running)
        yield running


def warm_up(running: Workers) -> None:
    """Have each worker copy something small."""
    with Engine.connect(running.dsn) as engine:
        key = load_episode(engine, 1, 1, 1)
    request_copies(running, "episode", key, WARM_UP * len(running.processes), 0.02)


def request_copies(running: Workers, tree: str, key: str, copies: int, look_seconds: float) -> float:
    """Ask for copies in one transaction; returns the seconds from its commit until the last of them is completed.

    Parameters: tree, key of the root; copies, how many; look_seconds, how often to look. Raises RuntimeError.
    """
    with psycopg.connect(running.dsn, autocommit=True) as connection:
        done = count(connection, COMPLETED)
        connection.execute(
            "select duplication.request_duplication(%s, %s) from generate_series(1, %s)", (tree, key, copies)
        )
        start = time.perf_counter()
        while count(connection, UNFINISHED):
            running.check()
            if time.perf_counter() - start > WAIT_SECONDS:
                raise RuntimeError(f"{copies} copies are not done after {WAIT_SECONDS} s")
            time.sleep(look_seconds)
        seconds = time.perf_counter() - start
        if count(connection, COMPLETED) != done + copies:
            raise RuntimeError("a copy has failed")
    return seconds


def count(connection: psycopg.Connection, query: str) -> int:
    """Return the one number that a query finds."""
    row = connection.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0

"""A database, a queue and two workers, each behind a network of its own, with some copies to make."""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import psycopg
from psycopg.conninfo import make_conninfo

from duplication.engine import Engine
from duplication.queue import Queue, create_queues
from tests.driver.helpers import Command
from tests.faults.meddler import Meddler
from tests.support.calls import set_batch_rows, value
from tests.support.content import Shape, make_episode
from tests.support.proxy import Proxy
from tests.support.server import CrashServer
from tests.support.waiting import eventually

LEVELS = ("episodes", "parts", "items", "blocks")
PATIENCE_SECONDS = 150
FINAL = ("completed", "failed", "cancelled", "discarded")
SLOW = """
create function public.take_time() returns trigger language plpgsql as $$ begin perform pg_sleep(0.004); return new; end $$;
create trigger take_time before insert on public.blocks
for each row when (new.orig_id is not null and new.orig_id % 5 = 0) execute function public.take_time()
"""
"""So that a copy takes some seconds, and there is a middle of it."""


@dataclass
class Station:
    """A worker, its ways to the database and the queue, and what it is started with."""

    database: Proxy
    queue: Meddler
    environment: dict[str, str]
    log: Path
    process: Command | None = None

    def start(self) -> None:
        self.process = Command(self.environment, self.log, "worker", "--concurrency", "2")

    @property
    def running(self) -> Command:
        assert self.process is not None, "the worker is not started"
        return self.process


@dataclass
class Farm:
    """What a fault can get at."""

    server: CrashServer
    dsn: str
    queue: Queue
    stations: list[Station]
    random: random.Random
    sources: list[int] = field(default_factory=list)
    duplications: list[int] = field(default_factory=list)

    @contextlib.contextmanager
    def session(self) -> Iterator[psycopg.Connection]:
        """A session of the test's own, past every proxy."""
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            yield conn

    def ask(self, query: str, *parameters: object) -> object:
        with self.session() as conn:
            return value(conn, query, *parameters)

    def tell(self, *statements: str) -> None:
        with self.session() as conn:
            for statement in statements:
                conn.execute(statement.encode())

    def backends(self) -> list[int]:
        """The sessions of the workers."""
        with self.session() as conn:
            found = conn.execute(
                "select pid from pg_stat_activity where datname = current_database() and application_name = 'duplication'"
            )
            return [row[0] for row in found]

    def load(self, shapes: Sequence[Shape]) -> None:
        """Make the sources."""
        with self.session() as conn:
            self.sources = [make_episode(conn, shape=shape) for shape in shapes]

    def request(self, times: int) -> None:
        """Ask for so many copies of each source, in one transaction."""
        with self.session() as conn, conn.transaction():
            for source in self.sources * times:
                self.duplications.append(
                    value(conn, "select duplication.request_duplication('episode', %s)", str(source))
                )

    def start(self) -> None:
        for station in self.stations:
            station.start()

    def wait_for_the_middle(self) -> None:
        """Wait until a third of the blocks is copied."""
        wanted = len(self.duplications) * self._blocks_of_one() // 3
        eventually(lambda: self.copied_blocks() >= wanted, "a third of the blocks is copied", PATIENCE_SECONDS)

    def _blocks_of_one(self) -> int:
        return int(str(self.ask("select count(*) / %s from public.blocks where orig_id is null", len(self.sources))))

    def copied_blocks(self) -> int:
        return int(str(self.ask("select count(*) from public.blocks where orig_id is not null")))

    def batches(self) -> int:
        return int(str(self.ask("select count(*) from duplication.batches where ended_at is not null")))

    def statuses(self) -> dict[int, str]:
        with self.session() as conn:
            return dict(conn.execute("select id, status from duplication.duplications order by id").fetchall())

    def wait_for_the_end(self, seconds: float = PATIENCE_SECONDS) -> None:
        def are_over() -> bool:
            with contextlib.suppress(psycopg.OperationalError):
                return all(status in FINAL for status in self.statuses().values())
            return False

        eventually(are_over, "every duplication is over", seconds)

    def engine(self) -> Engine:
        return Engine.connect(self.dsn, application_name="test")

    def stop(self) -> list[int]:
        """End the workers as their supervisor does; returns their exit codes."""
        import signal

        for station in self.stations:
            station.running.send(signal.SIGTERM)
        return [station.running.wait() for station in self.stations]


@contextlib.contextmanager
def make_farm(server: CrashServer, endpoint: str, home: Path, seed: int, **worker: str) -> Iterator[Farm]:
    """A farm that is gone after its block. Parameters: endpoint, of the queue server; worker, more of its variables."""
    dsn = server.new_database()
    with psycopg.connect(dsn, autocommit=True) as conn:
        set_batch_rows(conn, 20)
        conn.execute("update duplication.settings set lease = '3 s', resend_after = '5 s'")
        conn.execute(SLOW.encode())
    variables = {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1,localhost",
        "DUPLICATION_POLL_SECONDS": "1",
        "DUPLICATION_BUDGET_SECONDS": "1",
        "DUPLICATION_STALL_SECONDS": "10",
        "DUPLICATION_VISIBILITY_SECONDS": "10",
        **worker,
    }
    client = boto3.Session().client(
        "sqs",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 (the server takes any)
    )
    queue = Queue(create_queues(f"faults_{os.getpid()}_{seed}_{dsn[-4:].strip()}", client), client)
    with contextlib.ExitStack() as stack:
        stations = []
        for number in range(2):
            database = stack.enter_context(Proxy(server.server.port))
            meddler = stack.enter_context(Meddler(endpoint))
            own = {
                "AWS_ENDPOINT_URL": meddler.url,
                "DUPLICATION_QUEUE_URL": queue.url.replace(endpoint, meddler.url),
                "DUPLICATION_DSN": make_conninfo(dsn, port=database.port, connect_timeout=5),
            }
            stations.append(Station(database, meddler, variables | own, home / f"worker{number}.log"))
        farm = Farm(server, dsn, queue, stations, random.Random(seed))
        try:
            yield farm
        finally:
            for station in stations:
                if station.process is not None:
                    station.process.__exit__(None, None, None)

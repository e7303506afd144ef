"""A database, a queue and two workers, each behind a network of its own, with some copies to make."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from duplication.queue import Queue, create_queues
from tests.driver.helpers import Command
from tests.faults.meddler import Meddler
from tests.support.calls import set_batch_rows, value
from tests.support.content import Shape, make_episode, regular
from tests.support.proxy import Proxy
from tests.support.server import CrashServer
from tests.support.waiting import eventually

LEVELS = ("episodes", "parts", "items", "blocks")
PATIENCE_SECONDS = 180
FINAL = ("completed", "failed", "cancelled", "discarded")
SLOW = """
create function public.take_time() returns trigger language plpgsql
as $$ begin perform pg_sleep(0.03); return new; end $$;
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
    earlier: str = ""
    """What the processes before this one said."""

    def start(self) -> None:
        self.earlier = self.log.read_text() if self.log.exists() else ""
        self.process = Command(self.environment, self.log, "worker", "--concurrency", "2")

    def is_ready(self) -> bool:
        """Whether it got as far as to end as asked, rather than by the signal itself."""
        return "waits for jobs" in self.running.said.removeprefix(self.earlier)

    @property
    def running(self) -> Command:
        assert self.process is not None, "the worker is not started"
        return self.process

    def kill(self) -> None:
        """SIGKILL, as the out-of-memory killer does it."""
        self.running.send(signal.SIGKILL)
        self.running.wait()

    def freeze(self) -> None:
        """SIGSTOP: it stands still with all it holds."""
        self.running.send(signal.SIGSTOP)

    def thaw(self) -> None:
        self.running.send(signal.SIGCONT)

    def has_ended(self) -> bool:
        return self.running.process.poll() is not None

    def connect_to(self, dsn: str) -> None:
        """Have the worker work, when it is started, for another database of the same server."""
        self.environment["DUPLICATION_DSN"] = make_conninfo(
            self.environment["DUPLICATION_DSN"], dbname=str(conninfo_to_dict(dsn)["dbname"])
        )


@dataclass
class Farm:
    """What a fault can get at."""

    server: CrashServer
    dsn: str
    queue: Queue
    stations: list[Station]
    random: random.Random
    home: Path
    away_seconds: float = 30
    """How long something is away that is."""
    locked_seconds: float = 60
    """How long something is locked."""
    sources: list[int] = field(default_factory=list)
    """The roots; the first is the one that faults are aimed at."""
    duplications: list[int] = field(default_factory=list)
    is_pooled: bool = False
    """Whether sessions outlive the workers, as a pooler's."""
    digests: dict[str, str] = field(default_factory=dict)
    """Of the sources' rows, level by level, as they have to be at the end."""

    @property
    def victim(self) -> int:
        """The source that faults are aimed at."""
        return self.sources[0]

    @property
    def aimed_at(self) -> int:
        """The one duplication of that source."""
        return self.duplications[0]

    @contextlib.contextmanager
    def session(self) -> Iterator[psycopg.Connection]:
        """A session of the test's own, past every proxy."""
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            yield conn

    def ask(self, query: str, *parameters: object) -> object:
        with self.session() as conn:
            return value(conn, query, *parameters)

    def tell(self, statement: str, *parameters: object) -> None:
        with self.session() as conn:
            conn.execute(statement.encode(), parameters or None)

    def change_source(self, *statements: str) -> None:
        """Do to the sources what is not the engine's doing, and remember it."""
        with self.session() as conn, conn.transaction():
            for statement in statements:
                conn.execute(statement.encode())
            self.digests = read_digests(conn)

    def backends(self) -> list[int]:
        """The sessions of the workers."""
        with self.session() as conn:
            found = conn.execute("""
                select pid from pg_stat_activity
                where datname = current_database() and application_name = 'duplication'
            """)
            return [row[0] for row in found]

    def load(self, shapes: Sequence[Shape]) -> None:
        """Make the sources."""
        with self.session() as conn:
            self.sources = [make_episode(conn, shape=shape) for shape in shapes]
            self.digests = read_digests(conn)

    def request(self, source: int, times: int = 1) -> None:
        """Ask for so many copies of a source, in one transaction."""
        with self.session() as conn, conn.transaction():
            for _ in range(times):
                asked = value(conn, "select duplication.request_duplication('episode', %s)", str(source))
                self.duplications.append(asked)

    def load_and_request(self) -> None:
        """Make three sources, and ask for one copy of the victim and a few of the others."""
        self.load([regular(4, 4, 10)] * 3)
        self.request(self.victim)
        for source in self.sources[1:]:
            self.request(source, 3)

    def start(self) -> None:
        for station in self.stations:
            station.start()

    def stop(self) -> list[int]:
        """End the workers as their supervisor does; returns their exit codes."""
        for station in self.stations:
            eventually(station.is_ready, "the worker has begun")
            station.running.send(signal.SIGTERM)
        return [station.running.wait() for station in self.stations]

    def wait_for_the_middle(self) -> None:
        """Wait until the victim's copy has blocks, and not all of them."""
        copied = """
            select count(*) from public.blocks as c
            inner join public.items as i on i.id = c.item_id
            inner join public.items as o on o.id = i.orig_id
            inner join public.parts as p on p.id = o.part_id
            where p.episode_id = %s
        """
        eventually(lambda: self.ask(copied, self.victim), "some of it is copied", PATIENCE_SECONDS)

    def batches(self) -> int:
        return int(str(self.ask("select count(*) from _duplication.batches")))

    def statuses(self) -> dict[int, str]:
        with self.session() as conn:
            return dict(conn.execute("select id, status from duplication.duplications order by id").fetchall())

    def are_over(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            return all(status in FINAL for status in self.statuses().values())
        return False

    def wait_for_the_end(self, seconds: float = PATIENCE_SECONDS) -> None:
        eventually(self.are_over, "every duplication is over", seconds)

    def measure_recovery(self) -> float:
        """Wait for the first batch that is copied from now on, or the end; returns after how many seconds."""
        since, before = time.monotonic(), self.batches()
        eventually(lambda: self.batches() > before or self.are_over(), "it goes on", PATIENCE_SECONDS)
        return time.monotonic() - since

    def restart(self, station: Station) -> None:
        """What its supervisor does."""
        if station.has_ended():
            station.start()


def read_digests(conn: psycopg.Connection) -> dict[str, str]:
    """A digest of all source rows, level by level."""
    query = "select coalesce(md5(string_agg(t::text, '|' order by id)), '') from public.{} as t where orig_id is null"
    return {level: str(value(conn, query.format(level))) for level in LEVELS}


@contextlib.contextmanager
def make_farm(
    server: CrashServer, endpoint: str, home: Path, seed: int, *, port: int | None = None, **worker: str
) -> Iterator[Farm]:
    """A farm that is gone after its block.

    Parameters: endpoint, of the queue server; port, of a pooler before the database; worker, more of its variables.
    """
    dsn = server.new_database()
    with psycopg.connect(dsn, autocommit=True) as conn:
        set_batch_rows(conn, 20)
        conn.execute("update duplication.settings set lease = '3 s', resend_after = '5 s', throttle_window = '5 s'")
        conn.execute(SLOW.encode())
    variables = {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1,localhost",
        "DUPLICATION_LOG_FORMAT": "text",
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
        aws_secret_access_key="test",
    )
    name = f"{conninfo_to_dict(dsn)['dbname']}_{server.server.port}_{seed}"
    queue = Queue(create_queues(name, client), client)
    with contextlib.ExitStack() as stack:
        stations = []
        for number in range(2):
            database = stack.enter_context(Proxy(port or server.server.port))
            meddler = stack.enter_context(Meddler(endpoint))
            own = {
                "AWS_ENDPOINT_URL": meddler.url,
                "DUPLICATION_QUEUE_URL": queue.url.replace(endpoint, meddler.url),
                "DUPLICATION_DSN": make_conninfo(dsn, port=database.port, connect_timeout=5),
            }
            stations.append(Station(database, meddler, variables | own, home / f"worker{number}.log"))
        chance = random.Random(seed)  # noqa: S311 (chance that can be had again)
        farm = Farm(server, dsn, queue, stations, chance, home, is_pooled=port is not None)
        try:
            yield farm
        finally:
            for station in stations:
                if station.process is not None:
                    station.process.__exit__(None, None, None)

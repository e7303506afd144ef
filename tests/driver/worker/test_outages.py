"""A worker outlives the loss of database, queue and engine: it says so once, waits, and goes on by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import boto3
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from duplication.engine import VERSIONS, Engine
from duplication.local.embedded import find_free_port, start_queue
from duplication.local.sample import load_episode
from duplication.migrations import migrate
from duplication.outages import Outages
from duplication.queue import Queue, create_queues
from tests.driver.helpers import Command, Run, Start, runner, take
from tests.driver.watching import PATIENT, copied_rows, outcomes, wait_for_completion, wait_for_start
from tests.support.aliases import Episode
from tests.support.calls import set_batch_rows, value
from tests.support.content import make_episode
from tests.support.faults import Gate
from tests.support.server import CrashServer, temporary_home
from tests.support.waiting import eventually

FEW_LINES = 10


def check_told_once(worker: Command, what: str) -> None:
    """That it is gone, and that it is back, whatever the number of threads that met it."""
    assert worker.said.count(f"[warning  ] {what}: ") == 1, worker.said
    assert worker.said.count(f"[info     ] {what} is back\n") == 1, worker.said
    complaints = [line for line in worker.said.splitlines() if "[info     ] " not in line]
    assert len(complaints) < FEW_LINES, worker.said
    assert "Traceback" not in worker.said


def test_the_database_goes_in_the_middle_of_a_batch_and_comes_back(
    crash_server: CrashServer, queue: Queue, start: Start
) -> None:
    dsn = crash_server.new_database()
    with psycopg.connect(dsn, autocommit=True) as db:
        source = make_episode(db)
        set_batch_rows(db, 5)
        block = value(db, "select min(id) from public.blocks")
        begun = value(db, "select duplication.request_duplication('episode', %s)", str(source))
        worker = start("worker", "--concurrency", "2", DUPLICATION_DSN=dsn, **PATIENT)
        with Gate(dsn, "public.blocks", "orig_id", block) as gate:
            gate.wait_for()
            later = value(db, "select duplication.request_duplication('episode', %s)", str(source))
            crash_server.crash()
    eventually(lambda: " The database: " in worker.said, "it says that the database is gone")
    crash_server.start()
    eventually(lambda: "The database is back" in worker.said, "it says that the database is back")
    with Engine.connect(dsn) as engine, psycopg.connect(dsn, autocommit=True) as db:
        wait_for_completion(engine, begun, later)
        assert copied_rows(db) == [2, 6, 12, 48]
    check_told_once(worker, "The database")


def test_a_database_that_is_not_there_at_the_start_is_waited_for(
    crash_server: CrashServer, queue: Queue, start: Start
) -> None:
    dsn = crash_server.new_database()
    crash_server.crash()
    worker = start("worker", DUPLICATION_DSN=dsn, **PATIENT)
    eventually(lambda: " The database: " in worker.said, "it says that there is no database")
    crash_server.start()
    with psycopg.connect(dsn, autocommit=True) as db, Engine.connect(dsn) as engine:
        wait_for_completion(engine, engine.request_duplication("episode", str(make_episode(db))))
    check_told_once(worker, "The database")


class QueueServer:
    """A queue server of the test's own, which comes back empty: what was in it is lost."""

    def __init__(self, home: Path) -> None:
        self.port = find_free_port()
        self._home = home
        self._running = ExitStack()

    @property
    def variables(self) -> dict[str, str]:
        return {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}"}

    def start(self) -> Queue:
        self._process = self._running.enter_context(start_queue(self._home, self.port))
        client = boto3.Session().client("sqs", endpoint_url=self.variables["AWS_ENDPOINT_URL"])
        return Queue(create_queues("jobs", client), client)

    def kill(self) -> None:
        """Nobody who waits for an answer gets one."""
        self._process.kill()
        self.close()

    def close(self) -> None:
        self._running.close()


@pytest.fixture
def queue_server(variables: dict[str, str]) -> Iterator[QueueServer]:
    with temporary_home() as home:
        server = QueueServer(home)
        try:
            yield server
        finally:
            server.close()


def test_the_queue_goes_with_all_that_is_in_it_and_comes_back(
    db: psycopg.Connection, engine: Engine, start: Start, queue_server: QueueServer, episode: Episode
) -> None:
    source = str(episode())
    db.execute("update duplication.settings set resend_after = '0.1 s'")
    own = queue_server.start()
    worker = start("worker", "--concurrency", "2", DUPLICATION_QUEUE_URL=own.url, **PATIENT, **queue_server.variables)
    wait_for_completion(engine, engine.request_duplication("episode", source))
    queue_server.kill()
    eventually(lambda: " The queue: " in worker.said, "it says that the queue is gone")
    ids = [engine.request_duplication("episode", source) for _ in range(3)]
    queue_server.start()
    eventually(lambda: "The queue is back" in worker.said, "it says that the queue is back")
    wait_for_completion(engine, *ids)
    assert copied_rows(db) == [4, 12, 24, 96]
    check_told_once(worker, "The queue")


def test_a_job_that_goes_with_its_queue_is_sent_to_the_new_one(
    db: psycopg.Connection, engine: Engine, start: Start, queue_server: QueueServer, episode: Episode
) -> None:
    """A job that was never received is one that the queue is seen not to have."""
    begun, requested = [engine.request_duplication("episode", str(episode())) for _ in range(2)]
    db.execute("update duplication.settings set resend_after = '0.1 s'")
    own = queue_server.start()
    jobs = runner(engine, own)
    assert jobs.dispatch() == 2
    jobs.handle(take(own))
    queue_server.kill()
    queue_server.start()
    start("worker", DUPLICATION_QUEUE_URL=own.url, **PATIENT, **queue_server.variables)
    wait_for_completion(engine, begun, requested)


@pytest.fixture
def other_version(db: psycopg.Connection) -> Iterator[Callable[[int | None], None]]:
    """Lets the engine say that it is of another version, until it is None or the test is over."""
    own = value(db, "select pg_get_functiondef('duplication.version()'::regprocedure)")

    def change(version: int | None) -> None:
        db.execute(
            f"""
            create or replace function duplication.version() returns integer language sql immutable
            set search_path to pg_catalog, pg_temp as 'select {version}'
            """
            if version is not None
            else own
        )

    yield change
    change(None)


@pytest.mark.parametrize(("version", "remedy"), [(0, f"works with version {VERSIONS[0]}"), (99, "is of version 99")])
def test_a_worker_waits_while_the_engine_is_of_another_version(
    db: psycopg.Connection,
    engine: Engine,
    queue: Queue,
    start: Start,
    episode: Episode,
    other_version: Callable[[int | None], None],
    version: int,
    remedy: str,
) -> None:
    """Migrated while it runs: it does nothing until the versions fit again."""
    source = str(episode())
    worker = start("worker", "--concurrency", "2", **PATIENT)
    wait_for_completion(engine, engine.request_duplication("episode", source))
    other_version(version)
    eventually(lambda: " The engine: " in worker.said, "it says that the engine does not fit")
    assert remedy in worker.said
    duplication = engine.request_duplication("episode", source)
    other_version(None)
    wait_for_completion(engine, duplication)
    check_told_once(worker, "The engine")


def test_started_before_the_engine_a_worker_begins_when_it_is_there(
    pg_server: SimpleNamespace, queue: Queue, start: Start
) -> None:
    server = make_conninfo(host=pg_server.host, port=pg_server.port, user=pg_server.user)
    with psycopg.connect(server, dbname="postgres", autocommit=True) as admin:
        admin.execute("create database empty_at_start template template0")
        try:
            dsn = make_conninfo(server, dbname="empty_at_start")
            with start("worker", DUPLICATION_DSN=dsn, **PATIENT) as worker:
                eventually(lambda: " The engine: " in worker.said, "it says that there is no engine")
                assert "The engine is not installed in this database" in worker.said
                migrate(dsn, with_content=True)
                with Engine.connect(dsn) as engine:
                    key = load_episode(engine, 2, 2, 2)
                    wait_for_completion(engine, engine.request_duplication("episode", key))
                assert worker.process.poll() is None
                check_told_once(worker, "The engine")
        finally:
            admin.execute("drop database empty_at_start with (force)")


def test_once_it_does_not_wait_but_fails(run: Run, environment: dict[str, str]) -> None:
    refused = run("--dsn", "host=127.0.0.1 port=1 connect_timeout=5", "worker", "--once", code=1)
    assert "Error: " in refused.stderr


def test_a_request_in_a_transaction_starts_by_itself_when_that_commits(
    db: psycopg.Connection, dsn: str, engine: Engine, queue: Queue, start: Start
) -> None:
    """The workers look for it themselves: nobody sends anything."""
    worker = start("worker", **PATIENT)
    wait_for_start(worker)
    with psycopg.connect(dsn) as application:
        source = make_episode(application)
        duplication = value(application, "select duplication.request_duplication('episode', %s)", str(source))
        application.execute("update public.episodes set title = 'Pilot, renamed' where id = %s", (source,))
        assert value(db, "select count(*) from duplication.duplications") == 0
    wait_for_completion(engine, duplication)
    assert outcomes(db, duplication, "blocks") == ["done"]
    assert value(db, "select title from public.episodes where orig_id = %s", source) == "Pilot, renamed"


def test_a_loss_that_belongs_to_the_last_outage_is_not_told_again(caplog: pytest.LogCaptureFixture) -> None:
    """A thread that was resting meets its dead session when the others have new ones already."""
    outages = Outages()
    opened = time.monotonic()
    outages.begin("The database", "gone", since=opened)
    reopened = time.monotonic()
    outages.end("The database", reopened)

    outages.begin("The database", "gone too", since=opened)
    assert [record.levelname for record in caplog.records if "gone too" in record.message] == []

    outages.begin("The database", "gone again", since=time.monotonic())
    assert [record.levelname for record in caplog.records if "gone again" in record.message] == ["WARNING"]

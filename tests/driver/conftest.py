"""Real queues, sessions of the driver, and its commands, each on the test's own database."""

from __future__ import annotations

import itertools
import logging
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import boto3
import psycopg
import pytest
from click.testing import CliRunner, Result
from moto.server import ThreadedMotoServer
from psycopg.conninfo import make_conninfo
from pytest_postgresql.executors.noop import NoopExecutor

from duplication.cli import main
from duplication.engine import Engine
from duplication.local.embedded import queue_server
from duplication.queue import Queue, create_queues
from tests.driver.helpers import Command, Dump, NewDsn, RecordingQueue, Run, Start
from tests.support.aliases import Connection, Episode
from tests.support.server import temporary_home

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_names = itertools.count(1)

CLEAN_UP = r"""
select pg_terminate_backend(pid, 10000) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend';
drop function if exists public.wait_at_gate, public.refuse cascade;
alter table public.blocks drop constraint if exists no_copies;
delete from duplication.duplications;
update _duplication.installation set purged_xid = default;
delete from _duplication.id_map;
delete from public.episodes;
alter table duplication.duplications alter id restart;
delete from _duplication.stored_settings;
insert into _duplication.stored_settings default values
"""


@pytest.fixture(scope="session")
def ministack() -> Iterator[str]:
    """The endpoint of the embedded queue server."""
    with temporary_home() as home, queue_server(home) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The endpoint of another queue server, written by other people."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["ministack"])
def endpoint(request: pytest.FixtureRequest) -> str:
    """The queue server: the embedded one, unless a test asks for `every_queue`."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def variables(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What tells boto3 where the queue is; nothing of a person's own settings gets in."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "DUPLICATION_", "OTEL_", "PG"))]:
        if name not in {"PG_BINDIR", "PG_OSUSER"}:
            monkeypatch.delenv(name)
    found = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1,localhost",
    }
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


@pytest.fixture
def client(variables: dict[str, str]) -> SQSClient:
    return boto3.Session().client("sqs")


@pytest.fixture
def queue(client: SQSClient) -> RecordingQueue:
    """A new queue, with its dead letters."""
    url = create_queues(f"jobs_{os.getpid()}_{next(_names)}", client)
    return RecordingQueue(Queue(url, client))


@pytest.fixture
def dead_letters(client: SQSClient, queue: Queue) -> Queue:
    return Queue(f"{queue.url}_dead", client)


@pytest.fixture(scope="session")
def database(pg_template: NoopExecutor) -> str:
    """The database that the driver's tests share: they look at the driver, and hardly ever alter a table."""
    server = make_conninfo(host=pg_template.host, port=pg_template.port, user=pg_template.user)
    with psycopg.connect(server, dbname="postgres", autocommit=True) as admin:
        admin.execute(f"create database driver template {pg_template.template_dbname}".encode())
    return make_conninfo(server, dbname="driver")


@pytest.fixture
def db(database: str) -> Iterator[Connection]:
    """The test's own database, as it seems: nothing of the test is left afterwards, nor anybody who works for it."""
    with psycopg.connect(database, autocommit=True) as conn:
        yield conn
        for statement in re.split(r"(?<!\\);", CLEAN_UP):
            conn.execute(statement.replace("\\;", ";").encode())


@pytest.fixture
def dsn(db: Connection) -> str:
    return db.info.dsn


@pytest.fixture
def engine(dsn: str) -> Iterator[Engine]:
    with Engine.connect(dsn) as opened:
        yield opened


@pytest.fixture
def source(episode: Episode) -> str:
    """The key of an episode of 19 rows."""
    return str(episode(parts=2, items=2, blocks=3))


@pytest.fixture
def environment(variables: dict[str, str], dsn: str, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Everything that a command needs, set here and for child processes."""
    own = {
        "DUPLICATION_DSN": dsn,
        "DUPLICATION_QUEUE_URL": queue.url,
        "DUPLICATION_LOG_FORMAT": "text",
        "DUPLICATION_POLL_SECONDS": "0",
        "DUPLICATION_VISIBILITY_SECONDS": "1",
        # a message for each level, so that there is something between two of them
        "DUPLICATION_CARRY_ON": "off",
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    return variables | own


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Starts a `duplication` command in a process of its own."""
    started: list[Command] = []

    def command(*arguments: str, **more: str) -> Command:
        log = tmp_path / f"{len(started)}.log"
        started.append(Command(environment | more, log, *arguments))
        return started[-1]

    yield command
    for one in started:
        one.__exit__(None, None, None)


@pytest.fixture
def run(environment: dict[str, str]) -> Iterator[Run]:
    """Runs a command in this process; nothing but an exit code may come out of it."""
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def command(*arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(main, arguments)
        assert isinstance(result.exception, SystemExit | None), result.exception
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    yield command
    root.handlers[:] = before[0]
    root.setLevel(before[1])


@pytest.fixture
def new_dsn(pg_server: SimpleNamespace) -> Iterator[NewDsn]:
    """Makes empty databases, gone afterwards."""
    server = f"host={pg_server.host} port={pg_server.port} user={pg_server.user}"
    made: list[str] = []

    def make() -> str:
        made.append(f"empty_{next(_names)}")
        with psycopg.connect(server, dbname="postgres", autocommit=True) as admin:
            admin.execute(f"create database {made[-1]} template template0")
        return make_conninfo(server, dbname=made[-1])

    yield make
    with psycopg.connect(server, dbname="postgres", autocommit=True) as admin:
        for name in made:
            admin.execute(f"drop database {name} with (force)")


@pytest.fixture
def dump(pg_server: SimpleNamespace) -> Dump:
    """Everything that pg_dump knows of a database, but for what is random."""

    def run(dsn: str, *options: str) -> str:
        done = subprocess.run(
            [pg_server.bindir / "pg_dump", *options, "-d", dsn], capture_output=True, text=True, check=True
        )
        # The key against restoring what somebody has put into a name, and settings.installation.
        return re.sub(r"^\\(un)?restrict .*$|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", done.stdout, flags=re.M)

    return run

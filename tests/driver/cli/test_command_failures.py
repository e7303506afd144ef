"""A command that cannot do its work says why and what to do, and never shows a traceback."""

from __future__ import annotations

import signal
import subprocess

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.conninfo import make_conninfo

from duplication.cli import main
from duplication.config import load_settings
from duplication.engine import Engine
from tests.driver.helpers import COMMAND, Run, Start, document
from tests.support.aliases import Episode
from tests.support.calls import rows_done, set_batch_rows, value
from tests.support.faults import Gate
from tests.support.waiting import eventually

NOWHERE = "host=127.0.0.1 port=1 connect_timeout=5"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["unknown"],
        ["duplicate", "episode"],
        ["status", "one"],
        ["request", "episode", "1", "--option", "no value"],
        ["verify", "1", "--limit", "-1"],
        ["demo", "--parts", "0"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Usage: " in done.stderr


def test_python_m_duplication_is_the_same_command() -> None:
    done = subprocess.run([*COMMAND, "unknown"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: " in done.stderr


def test_input_that_names_nothing_is_2(run: Run, engine: Engine, episode: Episode) -> None:
    source = str(episode())
    for arguments in (
        ["duplicate", "chapter", source],
        ["duplicate", "episode", "4242"],
        ["duplicate", "episode", "forty-two"],
        ["request", "episode", source, "--option", "colour=red"],
        ["status", "4242"],
        ["cancel", "4242"],
        ["discard", "4242"],
    ):
        refused = run(*arguments, code=2)
        assert refused.stdout == ""
        assert refused.stderr.startswith("Error: ")
        assert "\nHint: " in refused.stderr
    assert engine.list_duplications() == []


def test_a_refused_command_is_1(run: Run, engine: Engine, episode: Episode) -> None:
    engine.request_duplication("episode", str(episode()))
    assert "\nHint: " in run("discard", "1", code=1).stderr


def test_a_duplication_that_fails_is_1_and_says_why(run: Run, db: psycopg.Connection, episode: Episode) -> None:
    source = str(episode())
    db.execute("alter table public.blocks add constraint no_copies check (orig_id is null)")
    refused = run("duplicate", "episode", source, "--json", code=1)
    assert refused.stdout == ""
    assert "no_copies" in refused.stderr
    assert run("status", "1", "--json").exit_code == 0


def test_a_database_that_cannot_be_reached_is_1(run: Run) -> None:
    for arguments in (["status"], ["migrate"], ["duplicate", "episode", "1"]):
        assert run("--dsn", NOWHERE, *arguments, code=1).stderr.startswith("Error: ")
    assert "\nError: " in run("--dsn", NOWHERE, "worker", "--once", code=1).stderr


def test_a_dsn_that_is_none_is_1(run: Run) -> None:
    assert run("--dsn", "no dsn", "status", code=1).stderr.startswith("Error: ")


def test_a_database_without_the_engine_is_told_how_to_install_it(run: Run, db: psycopg.Connection) -> None:
    without = make_conninfo(db.info.dsn, dbname="postgres")
    for arguments in (["status"], ["duplicate", "episode", "1"]):
        assert "`duplication migrate`" in run("--dsn", without, *arguments, code=1).stderr


def test_a_request_is_kept_when_the_queue_cannot_be_reached(
    run: Run, engine: Engine, episode: Episode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    told = run("--queue-url", "http://127.0.0.1:1/queue/none", "request", "episode", str(episode()), "--json")
    assert document(told) == {"duplication_id": 1, "sent": False}
    assert "a worker will send it" in told.stderr
    assert engine.find_duplication(1).dispatched_at is None


def test_a_queue_that_cannot_be_reached_is_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    for arguments in (["queue", "create"], ["--queue-url", "http://127.0.0.1:1/queue/none", "worker", "--once"]):
        assert "boto3" in run(*arguments, code=1).stderr


def test_a_queue_that_is_not_set_is_2(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DUPLICATION_QUEUE_URL")
    assert "DUPLICATION_QUEUE_URL" in run("worker", code=2).stderr


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("BUDGET_SECONDS", "soon"),
        ("BUDGET_SECONDS", "nan"),
        ("BUDGET_SECONDS", "0"),
        ("VISIBILITY_SECONDS", "1.5"),
        ("POLL_SECONDS", "21"),
        ("QUEUE_NAME", "a name"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_setting_with_a_bad_value_is_2(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    monkeypatch.setenv(f"DUPLICATION_{name}", text)
    done = CliRunner().invoke(main, ["status"])
    assert done.exit_code == 2
    assert done.stderr.startswith(f"Error: DUPLICATION_{name} is {text!r}: ")


def test_a_setting_is_read_from_the_environment_unless_it_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUPLICATION_BUDGET_SECONDS", "0.5")
    monkeypatch.setenv("DUPLICATION_POLL_SECONDS", "")
    found = load_settings(dsn="dbname=app")
    assert (found.budget_seconds, found.poll_seconds, found.dsn) == (0.5, 1, "dbname=app")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_duplicate_interrupted_is_130_and_goes_on_when_called_again(
    db: psycopg.Connection, dsn: str, engine: Engine, start: Start, run: Run, episode: Episode, number: signal.Signals
) -> None:
    source = str(episode())
    set_batch_rows(db, 5)
    block = value(db, "select id from public.blocks order by id offset 12 limit 1")
    with Gate(dsn, "public.blocks", "orig_id", block) as gate:
        command = start("duplicate", "episode", source)
        gate.wait_for()
        command.send(number)
        assert command.wait() == 130
    assert "goes on from there" in command.said
    assert "Traceback" not in command.said
    eventually(lambda: rows_done(db, 1, "blocks") > 0, "the batches before are kept")
    found = document(run("duplicate", "episode", source, "--json"))["duplication"]
    assert (found["id"], found["status"]) == (1, "completed")
    assert list(engine.verify(1)) == []

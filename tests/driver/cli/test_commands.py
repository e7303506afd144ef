"""Each command does what it says, tells it to people or, with --json, to programs, and ends with the right code."""

from __future__ import annotations

import psycopg
import pytest

from duplication.engine import Engine
from duplication.queue import Queue
from tests.driver.helpers import Run, document, work_until_idle
from tests.support.aliases import Episode
from tests.support.calls import status, value


def failed_duplication(db: psycopg.Connection, engine: Engine, source: str) -> int:
    duplication = engine.request_duplication("episode", source)
    attempt = engine.begin_attempt(duplication, "episodes", "m", "w").attempt
    error = {"level": "episodes", "sqlstate": "23505", "message": "twice [bold]", "context": "line 1\nline 2"}
    engine.end_attempt(attempt, "lasting", error)
    return duplication


def test_duplicate_copies_at_once(run: Run, engine: Engine, episode: Episode) -> None:
    said = run("duplicate", "episode", str(episode())).output
    (duplication,) = engine.list_duplications()
    assert f"Duplication {duplication.id} is completed: the copy is {duplication.new_root_key}" in said
    assert "blocks: 24 of 24 rows" in said
    assert list(engine.verify(duplication.id)) == []


def test_duplicate_tells_programs(run: Run, episode: Episode) -> None:
    found = document(run("duplicate", "episode", str(episode()), "--json"))
    assert found["duplication"]["status"] == "completed"
    assert [level["rows_copied"] for level in found["levels"]] == [1, 3, 6, 24]


def test_request_sends_the_first_job_and_worker_once_does_the_rest(
    run: Run, engine: Engine, queue: Queue, episode: Episode
) -> None:
    source = str(episode())
    assert run("request", "episode", source).output == "Duplication 1 is requested\n"
    assert engine.find_duplication(1).dispatched_at is not None
    run("worker", "--once")
    assert engine.find_duplication(1).status == "completed"
    assert queue.receive(0, 1) is None


def test_request_passes_options_on(run: Run, db: psycopg.Connection, episode: Episode) -> None:
    source = str(episode())
    options = [
        "--idempotency-key",
        "click-7",
        "--option",
        'overrides={"title": "Copy"}',
        "--option",
        'trace={"id": "00-ab"}',
    ]
    first = document(run("request", "episode", source, *options, "--json"))
    assert first == {"duplication_id": 1, "sent": True}
    assert document(run("request", "episode", source, *options, "--json"))["duplication_id"] == 1
    assert value(db, "select options from duplication.duplications") == {
        "idempotency_key": "click-7",
        "overrides": {"title": "Copy"},
        "trace": {"id": "00-ab"},
    }


def test_status_shows_all_and_one(run: Run, db: psycopg.Connection, engine: Engine, episode: Episode) -> None:
    source = str(episode())
    run("duplicate", "episode", source)
    failed = failed_duplication(db, engine, source)
    listed = run("status").output
    assert "completed" in listed
    assert "failed" in listed
    one = run("status", str(failed)).output
    for part in ("failed", "message: twice [bold]", "line 1\nline 2", "sqlstate: 23505"):
        assert part in one
    documents = document(run("status", "--json"))
    assert [item["duplication"]["id"] for item in documents] == [failed, 1]
    assert len(document(run("status", "--limit", "1", "--json"))) == 1
    assert document(run("status", str(failed), "--json"))["duplication"]["error"]["sqlstate"] == "23505"


def test_status_of_an_empty_database_is_an_empty_list(run: Run) -> None:
    assert document(run("status", "--json")) == []
    assert run("status").exit_code == 0


def test_cancel_stops_a_duplication(run: Run, db: psycopg.Connection, engine: Engine, episode: Episode) -> None:
    duplication = engine.request_duplication("episode", str(episode()))
    assert run("cancel", str(duplication)).output == f"Duplication {duplication} is cancelled\n"
    assert document(run("cancel", str(duplication), "--json")) == {
        "duplication_id": duplication,
        "status": "cancelled",
    }
    assert status(db, duplication) == "cancelled"


def test_retry_lets_a_failed_one_go_on(run: Run, db: psycopg.Connection, engine: Engine, episode: Episode) -> None:
    duplication = failed_duplication(db, engine, str(episode()))
    assert document(run("retry", str(duplication), "--json"))["status"] == "pending"
    refused = run("retry", str(duplication), code=1)
    assert refused.stderr.startswith("Error: ")
    assert "Hint: " in refused.stderr


def test_discard_deletes_the_copy(run: Run, db: psycopg.Connection, episode: Episode) -> None:
    run("duplicate", "episode", str(episode()))
    assert run("discard", "1").output == "Duplication 1 is discarded\n"
    assert value(db, "select count(*) from public.episodes where orig_id is not null") == 0


def test_verify_fails_when_copy_and_source_differ(run: Run, db: psycopg.Connection, episode: Episode) -> None:
    run("duplicate", "episode", str(episode()))
    assert "No differences" in run("verify", "1").output
    assert document(run("verify", "1", "--json")) == {"duplication_id": 1, "total": 0, "differences": []}
    db.execute("update public.parts set title = '[bold]' where orig_id is not null")
    assert "title" in run("verify", "1", code=1).output
    found = document(run("verify", "1", "--limit", "1", "--json", code=1))
    assert found["total"] == 3
    assert [item["column_name"] for item in found["differences"]] == ["title"]


def test_migrate_may_be_repeated(run: Run) -> None:
    assert "engine_" in run("migrate").output
    revisions = document(run("migrate", "--with-content", "--json"))["revisions"]
    assert [name.split("_")[0] for name in revisions] == ["engine", "content"]


def test_queue_create_prints_what_a_shell_can_evaluate(
    run: Run, dsn: str, engine: Engine, episode: Episode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUPLICATION_QUEUE_NAME", "other_jobs")
    said = run("queue", "create").output
    url = document(run("queue", "create", "--json"))["queue_url"]
    assert said == f"export DUPLICATION_QUEUE_URL={url}\n"
    assert url.endswith("/other_jobs")
    engine.request_duplication("episode", str(episode()))
    work_until_idle(dsn, Queue(url))
    assert engine.find_duplication(1).status == "completed"


def test_options_win_over_the_environment(
    run: Run, dsn: str, queue: Queue, episode: Episode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUPLICATION_DSN", "host=127.0.0.1 port=1")
    monkeypatch.setenv("DUPLICATION_QUEUE_URL", "http://127.0.0.1:1/queue/none")
    given = ["--dsn", dsn, "--queue-url", queue.url]
    assert document(run(*given, "request", "episode", str(episode()), "--json"))["sent"] is True


def test_the_command_says_what_there_is(run: Run) -> None:
    said = run("--help").output
    commands = {"cancel", "demo", "discard", "duplicate", "migrate", "queue", "request", "retry", "status", "verify"}
    for name in commands | {"dead-letters", "worker"}:
        assert f"  {name} " in said
        assert "Usage: " in run(name, "--help").output
    assert "version" in run("--version").output

"""A worker's log: one line an event, each naming its job, for programs as JSON."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from duplication.engine import Engine
from duplication.queue import Queue
from tests.driver.helpers import Command, Start
from tests.driver.watching import PATIENT, REFUSE, wait_for_completion
from tests.support.aliases import Episode
from tests.support.calls import set_batch_rows
from tests.support.waiting import eventually

JSON = PATIENT | {"DUPLICATION_LOG_FORMAT": "json", "DUPLICATION_LOG_LEVEL": "DEBUG"}


@pytest.fixture
def source(episode: Episode) -> str:
    return str(episode(parts=3, items=2, blocks=4))


def lines(worker: Command) -> list[dict[str, Any]]:
    return [json.loads(line) for line in worker.said.splitlines()]


def find(worker: Command, words: str) -> dict[str, Any]:
    return eventually(lambda: next((line for line in lines(worker) if words in line["event"]), None), words)


def test_each_line_is_a_document_that_names_the_job(
    db: psycopg.Connection, engine: Engine, queue: Queue, start: Start, source: str
) -> None:
    set_batch_rows(db, 5)
    worker = start("worker", **JSON)
    duplication = engine.request_duplication("episode", source)
    wait_for_completion(engine, duplication)
    end = find(worker, "blocks copied")
    assert end["level"] == "info"
    assert end["channel"] == "duplication"
    assert end["timestamp"].endswith("Z")
    assert (end["duplication_id"], end["org_episode_id"], end["job_class"]) == (duplication, source, "duplicate_blocks")
    assert end["rows"] == 24
    batches = [line for line in lines(worker) if line["event"].startswith("Batch") and "of blocks" in line["event"]]
    assert {batch["level"] for batch in batches} == {"debug"}
    numbers = db.execute("select batch_no from _duplication.batches where level = 'blocks' order by 1").fetchall()
    assert [(batch["batch_no"],) for batch in batches] == numbers
    assert len(numbers) == end["batches"]
    assert sum(batch["rows"] for batch in batches) == 24
    assert find(worker, "episodes copied")["new_key"] == engine.find_duplication(duplication).new_root_key


@pytest.mark.parametrize("options", [(), ("--parallel", "2")], ids=["one session", "two"])
def test_notices_of_the_database_come_through_with_the_job_they_are_of(
    db: psycopg.Connection, engine: Engine, queue: Queue, start: Start, source: str, options: tuple[str, ...]
) -> None:
    db.execute("""
        create function public.refuse() returns trigger language plpgsql
        as $$ begin raise notice 'a part is copied'; return new; end $$;
        create trigger refuse before insert on public.parts for each row execute function public.refuse()
    """)
    worker = start("worker", *options, **JSON)
    duplication = engine.request_duplication("episode", source)
    wait_for_completion(engine, duplication)
    notice = find(worker, "a part is copied")
    assert (notice["duplication_id"], notice["job_class"]) == (duplication, "duplicate_parts")


def test_a_failure_has_class_message_and_trace(
    db: psycopg.Connection, engine: Engine, queue: Queue, start: Start, source: str
) -> None:
    db.execute(REFUSE.format("23514"))
    worker = start("worker", **JSON)
    duplication = engine.request_duplication("episode", source)
    error = find(worker, "no such part today")
    assert error["level"] == "error"
    assert error["duplication_id"] == duplication
    assert error["exception"]["class"] == "DatabaseError"
    assert error["exception"]["message"] == "no such part today"
    assert "duplicate_level" in error["exception"]["trace"]


def test_what_belongs_to_no_job_names_none(start: Start, queue: Queue, engine: Engine) -> None:
    worker = start("worker", **JSON)
    assert "duplication_id" not in find(worker, "waits for jobs")

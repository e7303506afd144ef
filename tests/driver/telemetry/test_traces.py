"""One duplication is one trace: from the application's own span to the last batch, over workers and a crash."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import psycopg
import pytest

from duplication.engine import Engine
from duplication.queue import Queue
from tests.driver.helpers import Run, Start, every_queue
from tests.driver.telemetry.collector import Collector, Span
from tests.driver.watching import PATIENT, REFUSE, gate_at_first_block, wait_for_completion, wait_for_start
from tests.support.aliases import Episode
from tests.support.calls import set_batch_rows, value
from tests.support.waiting import eventually

LEVELS = ["episodes", "parts", "items", "blocks"]
TRACE = "0af7651916cd43dd8448eb211c80319c"
ASKED_BY = "b7ad6b7169203331"
OPTIONS = {"trace": {"traceparent": f"00-{TRACE}-{ASKED_BY}-01"}}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture
def source(episode: Episode) -> str:
    return str(episode(parts=3, items=2, blocks=4))


def wait_for_spans(collector: Collector, name: str, number: int = 1) -> list[Span]:
    return eventually(
        lambda: found if len(found := collector.named(name)) >= number else None, f"{number} spans {name}"
    )


def nanoseconds(db: psycopg.Connection, column: str, level: str) -> list[int]:
    query = f"""
        select (extract(epoch from {column}) * 1000000)::bigint * 1000 from _duplication.batches
        where level = %s order by batch_no
    """
    return [row[0] for row in db.execute(query.encode(), (level,))]


@every_queue
def test_one_duplication_is_one_trace_from_request_to_batches(
    db: psycopg.Connection, engine: Engine, queue: Queue, start: Start, collector: Collector, source: str
) -> None:
    set_batch_rows(db, 5)
    start("worker", **PATIENT | collector.variables)
    duplication = engine.request_duplication("episode", source, OPTIONS)
    wait_for_completion(engine, duplication)
    (job,) = wait_for_spans(collector, "duplicate_blocks")
    spans = {span.id: span for span in collector.spans}
    assert {span.trace for span in collector.spans} == {TRACE}

    (root,) = collector.named("duplicate episode")
    assert root.parent == ASKED_BY
    assert root.attributes["duplication_id"] == duplication
    assert root.attributes["episode_id"] == source
    (dispatch,) = collector.named("dispatch")
    assert dispatch.parent == root.id
    jobs = [collector.named(f"duplicate_{level}")[0] for level in LEVELS]
    assert jobs[0].parent == dispatch.id
    assert [below.parent for below in jobs[1:]] == [above.id for above in jobs[:-1]]
    assert job.attributes["job_class"] == "duplicate_blocks"
    assert job.attributes["org_episode_id"] == source
    assert job.attributes["started_at"]
    assert ("status", {"status": "completed", "outcome": "done"}) in job.events

    batches = [span for span in collector.named("batch") if span.attributes["level"] == "blocks"]
    assert {spans[batch.parent].name for batch in batches} == {"duplicate_level"}
    assert {spans[spans[batch.parent].parent].id for batch in batches} == {job.id}
    assert [batch.begun for batch in batches] == nanoseconds(db, "started_at", "blocks")
    assert [batch.ended for batch in batches] == nanoseconds(db, "ended_at", "blocks")
    assert sum(batch.attributes["rows"] for batch in batches) == 24
    numbers = db.execute("select batch_no from _duplication.batches where level = 'blocks' order by 1").fetchall()
    assert [(batch.attributes["batch_no"],) for batch in batches] == numbers


def test_it_is_one_trace_though_nobody_gave_one_and_a_worker_was_killed(
    db: psycopg.Connection, dsn: str, engine: Engine, queue: Queue, start: Start, collector: Collector, source: str
) -> None:
    db.execute("update duplication.settings set lease = '1 s'")
    duplication = engine.request_duplication("episode", source)
    with gate_at_first_block(db, dsn) as gate:
        first = start("worker", **PATIENT | collector.variables)
        backends = gate.wait_for()
        wait_for_spans(collector, "duplicate_items")
        first.send(signal.SIGKILL)
        first.wait()
        left = "select count(*) from pg_stat_activity where pid = any(%s)"
        eventually(lambda: value(db, left, backends) == 0, "its session ends, rather than do the job to its end")
        start("worker", **PATIENT | collector.variables)
        gate.open()
    wait_for_completion(engine, duplication)
    wait_for_spans(collector, "duplicate_blocks")
    assert len({span.trace for span in collector.spans}) == 1
    assert len(collector.named("duplicate episode")) == 1
    ids = {span.id for span in collector.spans}
    orphans = {span.name for span in collector.spans if span.parent and span.parent not in ids}
    assert orphans <= {"begin_attempt", "batch"}, "below the spans that the killed worker could not end any more"


def test_an_exception_is_recorded_and_is_the_spans_status(
    db: psycopg.Connection, engine: Engine, queue: Queue, start: Start, collector: Collector, source: str
) -> None:
    db.execute(REFUSE.format("23514"))
    start("worker", **PATIENT | collector.variables)
    duplication = engine.request_duplication("episode", source)
    eventually(lambda: engine.find_duplication(duplication).status == "failed", "it has failed")
    (job,) = wait_for_spans(collector, "duplicate_parts")
    assert job.is_error
    (told,) = [attributes for name, attributes in job.events if name == "exception"]
    assert told["exception.message"] == "no such part today"
    assert told["sqlstate"] == "23514"
    assert ("status", {"status": "failed", "outcome": "lasting"}) in job.events


def test_why_a_job_waits_is_told(
    db: psycopg.Connection, engine: Engine, queue: Queue, start: Start, collector: Collector, source: str
) -> None:
    worker = start("worker", **PATIENT | collector.variables)
    wait_for_start(worker)
    db.execute("update duplication.settings set throttle_failures = 1")
    db.execute(REFUSE.format("40001"))
    duplication = engine.request_duplication("episode", source)
    eventually(lambda: engine.find_duplication(duplication).waiting_reason, "it waits")
    (job, *_) = wait_for_spans(collector, "duplicate_parts")
    assert job.is_error


def test_a_request_of_the_command_line_begins_the_trace(
    run: Run, engine: Engine, collector: Collector, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in collector.variables.items():
        monkeypatch.setenv(name, text)
    run("request", "episode", source)
    (span,) = collector.named("request")
    given = engine.list_duplications(1)[0].options["trace"]["traceparent"]
    assert given.split("-")[1:3] == [span.trace, span.id]


def test_a_collector_that_is_away_is_told_once_and_stops_nothing(
    engine: Engine, queue: Queue, start: Start, source: str
) -> None:
    away = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_BSP_SCHEDULE_DELAY": "20"}
    worker = start("worker", **PATIENT | away)
    for _ in range(3):
        wait_for_completion(engine, engine.request_duplication("episode", source))
    worker.send(signal.SIGTERM)
    assert worker.wait() == 0
    assert sum("xport" in line for line in worker.said.splitlines()) <= 2, worker.said


def test_nothing_of_it_is_loaded_where_nobody_asks_for_it(engine: Engine, start: Start, source: str) -> None:
    worker = start("worker", **PATIENT)
    wait_for_completion(engine, engine.request_duplication("episode", source))
    with open(f"/proc/{worker.process.pid}/maps") as maps:  # noqa: PTH123 (a process, not a path)
        assert "opentelemetry" not in maps.read()

"""Figures for Prometheus: what a worker counts, what the database tells, and the alerts that are made of them."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import httpx
import psycopg
import pytest
import yaml  # type: ignore[import-untyped]
from prometheus_client.parser import text_string_to_metric_families

from duplication.engine import Engine
from duplication.queue import Queue
from duplication.telemetry.metrics import make_database_registry
from duplication.web.app import create_app
from tests.driver.helpers import Run, Start
from tests.driver.watching import PATIENT, REFUSE, wait_for_completion
from tests.support.aliases import Episode
from tests.support.waiting import eventually

ALERTS = Path(__file__).resolve().parents[3] / "deploy" / "alerts.yml"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Worker:
    """A worker that serves its figures."""

    def __init__(self, start: Start) -> None:
        self._port = free_port()
        self.process = start("worker", "--metrics-port", str(self._port), **PATIENT)
        eventually(lambda: "Metrics are served" in self.process.said, "it serves")

    @property
    def text(self) -> str:
        return httpx.get(f"http://127.0.0.1:{self._port}/metrics", trust_env=False).text

    def figure(self, name: str, **labels: str) -> float | None:
        for family in text_string_to_metric_families(self.text):
            for sample in family.samples:
                if sample.name == name and sample.labels == labels:
                    return float(sample.value)
        return None


@pytest.fixture
def worker(start: Start, queue: Queue) -> Worker:
    return Worker(start)


def test_a_worker_counts_jobs_batches_and_rows(worker: Worker, engine: Engine, episode: Episode) -> None:
    wait_for_completion(engine, engine.request_duplication("episode", str(episode(parts=3, items=2, blocks=4))))
    eventually(lambda: worker.figure("duplication_jobs_ended_total", outcome="done") == 4, "four jobs are done")
    for level, rows in {"episodes": 1, "parts": 3, "items": 6, "blocks": 24}.items():
        assert worker.figure("duplication_jobs_received_total", level=level) == 1
        assert worker.figure("duplication_rows_copied_total", level=level) == rows
        assert worker.figure("duplication_batches_copied_total", level=level) == 1
        assert worker.figure("duplication_batch_seconds_count", level=level) == 1
    assert worker.figure("duplication_duplications", status="completed") == 1
    assert worker.figure("duplication_duplications", status="failed") == 0
    assert worker.figure("duplication_oldest_pending_seconds") == 0
    assert worker.figure("duplication_database_up") == 1


def test_what_is_put_off_and_what_fails_is_counted_by_its_reason(
    worker: Worker, db: psycopg.Connection, engine: Engine, episode: Episode
) -> None:
    db.execute(REFUSE.format("23514"))
    failed = engine.request_duplication("episode", str(episode()))
    eventually(lambda: engine.find_duplication(failed).status == "failed", "it has failed")
    eventually(lambda: worker.figure("duplication_jobs_ended_total", outcome="lasting") == 1, "it is counted")
    assert worker.figure("duplication_duplications", status="failed") == 1


def test_dead_letters_are_counted(start: Start, queue: Queue, dead_letters: Queue, engine: Engine) -> None:
    dead_letters.send_body("not JSON")
    worker = Worker(start)
    eventually(lambda: worker.figure("duplication_dead_letters") == 1, "the dead letter is counted")


def test_a_port_that_is_taken_is_an_error(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = run("worker", "--metrics-port", str(taken.getsockname()[1]), code=2).output
    assert "cannot be listened on for metrics" in said


def test_a_database_that_is_away_is_a_figure(worker: Worker, db: psycopg.Connection) -> None:
    def lost() -> Engine:
        return Engine.connect("host=127.0.0.1 port=1 connect_timeout=1")

    found = list(make_database_registry(lost).collect())
    assert [(family.name, family.samples[0].value) for family in found] == [("duplication_database_up", 0)]


def test_every_figure_of_the_alerts_is_there(worker: Worker, dsn: str, engine: Engine, episode: Episode) -> None:
    wait_for_completion(engine, engine.request_duplication("episode", str(episode())))
    eventually(lambda: worker.figure("duplication_jobs_ended_total", outcome="done") == 4, "all is counted")
    registry = make_database_registry(lambda: Engine.connect(dsn))
    create_app(lambda: Engine.connect(dsn), registry)
    told = {family.name for family in registry.collect()}
    families = list(text_string_to_metric_families(worker.text))
    told |= {sample.name for family in families for sample in family.samples} | {family.name for family in families}
    told |= {f"{family.name}_total" for family in families if family.type == "counter"}
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    assert len(rules) >= 7
    for rule in rules:
        named = set(re.findall(r"\bduplication_\w+", rule["expr"]))
        assert named, rule["alert"]
        assert named <= told, rule["alert"]
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["action"]

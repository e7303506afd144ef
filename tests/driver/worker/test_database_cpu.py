"""The CPU of an RDS instance is read from CloudWatch, and puts jobs off while it is high."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import psycopg
import pytest
from moto.server import ThreadedMotoServer

from duplication.engine import Engine
from duplication.outages import Outages
from duplication.worker.database_cpu import CpuGauge
from tests.driver.helpers import Command, RecordingQueue, Run, Runner, every_queue, make_context, runner, take
from tests.support.aliases import Episode
from tests.support.calls import value
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

INSTANCE = "db-of-the-test"


@pytest.fixture
def cloudwatch(variables: dict[str, str]) -> CloudWatchClient:
    return boto3.Session().client("cloudwatch")


@pytest.fixture
def instance(request: pytest.FixtureRequest) -> str:
    """An instance of the test's own: the servers are shared."""
    return f"{INSTANCE}-{abs(hash(request.node.name))}"


def put(client: CloudWatchClient, instance: str, percent: float, minutes_ago: int = 1) -> None:
    client.put_metric_data(
        Namespace="AWS/RDS",
        MetricData=[
            {
                "MetricName": "CPUUtilization",
                "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": instance}],
                "Timestamp": datetime.now(UTC) - timedelta(minutes=minutes_ago),
                "Value": percent,
                "Unit": "Percent",
            }
        ],
    )


@every_queue
def test_the_newest_value_counts(cloudwatch: CloudWatchClient, instance: str) -> None:
    put(cloudwatch, instance, 10, minutes_ago=4)
    put(cloudwatch, instance, 91)
    put(cloudwatch, "another", 50)

    assert CpuGauge(instance, Outages()).read() == 91


@every_queue
def test_a_value_is_kept_for_a_while(cloudwatch: CloudWatchClient, instance: str) -> None:
    gauge = CpuGauge(instance, Outages())
    put(cloudwatch, instance, 20, minutes_ago=4)
    assert gauge.read() == 20

    put(cloudwatch, instance, 91)

    assert gauge.read() == 20
    assert CpuGauge(instance, Outages(), keep_seconds=0).read() == 91


@every_queue
def test_a_metric_that_cannot_be_had_is_told_once_and_so_is_its_return(
    cloudwatch: CloudWatchClient, instance: str, caplog: pytest.LogCaptureFixture
) -> None:
    gauge = CpuGauge(instance, Outages(), keep_seconds=0)
    with caplog.at_level(logging.INFO, "duplication"):
        assert [gauge.read() for _ in range(3)] == [None] * 3
        put(cloudwatch, instance, 20)
        assert gauge.read() == 20
    told = [record.message for record in caplog.records if record.name == "duplication"]
    assert len(told) == 2
    assert told[0].startswith("The metric CPUUtilization: CloudWatch knows no value of")
    assert told[1] == "The metric CPUUtilization is back"


def test_nobody_is_asked_without_an_instance(variables: dict[str, str]) -> None:
    assert CpuGauge(None, Outages()).read() is None


def test_an_endpoint_that_is_away_is_told_once_and_so_is_its_return(
    variables: dict[str, str], instance: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    gauge = CpuGauge(instance, Outages(), keep_seconds=0)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    with caplog.at_level(logging.INFO, "duplication"):
        assert [gauge.read() for _ in range(2)] == [None] * 2
        server.start()
        try:
            put(boto3.Session().client("cloudwatch"), instance, 20)
            assert gauge.read() == 20
        finally:
            server.stop()
    gone, back = [record.message for record in caplog.records if record.name == "duplication"]
    assert gone.startswith("The metric CPUUtilization: Could not connect to the endpoint URL")
    assert back == "The metric CPUUtilization is back"


@every_queue
def test_threads_that_ask_at_once_share_one_request(cloudwatch: CloudWatchClient, instance: str) -> None:
    put(cloudwatch, instance, 20)
    requests: list[object] = []
    cloudwatch.meta.events.register("before-send.cloudwatch.GetMetricStatistics", lambda **_: requests.append(1))
    gauge = CpuGauge(instance, Outages(), client=cloudwatch)

    with ThreadPoolExecutor(8) as threads:
        read = list(threads.map(lambda _: gauge.read(), range(50)))

    assert read == [20] * 50
    assert len(requests) == 1


def test_a_job_is_done_when_the_metric_cannot_be_had(
    engine: Engine, instance: str, start: Callable[..., Command], episode: Episode
) -> None:
    duplication = engine.request_duplication("episode", str(episode()))
    worker = start("worker", DUPLICATION_RDS_INSTANCE=instance)

    eventually(lambda: engine.find_duplication(duplication).status == "completed", "it is done all the same")

    assert worker.said.count("CloudWatch knows no value of") == 1


@every_queue
def test_a_job_goes_on_when_the_cpu_is_low_again(
    db: psycopg.Connection,
    engine: Engine,
    queue: RecordingQueue,
    cloudwatch: CloudWatchClient,
    instance: str,
    episode: Episode,
) -> None:
    gauge = CpuGauge(instance, Outages(), keep_seconds=0)
    worker = Runner(engine, make_context(engine, queue, cpu=gauge))
    duplication = engine.request_duplication("episode", str(episode()))
    worker.dispatch()
    put(cloudwatch, instance, 91, minutes_ago=3)
    worker.handle(take(queue))
    wait_is_over = "update duplication.duplications set not_before = clock_timestamp()"
    db.execute(wait_is_over)
    assert worker.dispatch() == 0, "it is not sent while the CPU is high, but waits on"
    assert engine.find_duplication(duplication).waiting_reason == "CPU 91 % > 80 %"

    put(cloudwatch, instance, 20)
    db.execute(wait_is_over)
    assert worker.dispatch() == 1
    while (message := queue.receive(0, 30)) is not None:
        worker.handle(message)

    assert engine.find_duplication(duplication).status == "completed"


@every_queue
def test_a_job_waits_while_the_cpu_is_high_and_everybody_can_see_why(
    db: psycopg.Connection,
    engine: Engine,
    cloudwatch: CloudWatchClient,
    instance: str,
    start: Callable[..., Command],
    run: Run,
    episode: Episode,
) -> None:
    put(cloudwatch, instance, 91)
    db.execute("update duplication.settings set load_wait = '3 s'")
    start("worker", DUPLICATION_RDS_INSTANCE=instance)
    duplication = engine.request_duplication("episode", str(episode()))
    eventually(lambda: engine.find_duplication(duplication).waiting_reason, "it waits")

    assert engine.find_duplication(duplication).waiting_reason == "CPU 91 % > 80 %"
    assert "CPU 91 % > 80 %" in run("status", str(duplication)).output
    told = "select payload ->> 'reason' from duplication.events where type = 'duplication.waiting'"
    assert value(db, told) == "CPU 91 % > 80 %"

    db.execute("update duplication.settings set max_cpu_percent = 95")
    eventually(lambda: engine.find_duplication(duplication).status == "completed", "it goes on by itself")


@every_queue
def test_a_job_that_arrives_while_the_cpu_is_high_is_logged_as_waiting(
    engine: Engine,
    queue: RecordingQueue,
    cloudwatch: CloudWatchClient,
    instance: str,
    start: Callable[..., Command],
    episode: Episode,
) -> None:
    put(cloudwatch, instance, 91)
    duplication = engine.request_duplication("episode", str(episode()))
    runner(engine, queue).dispatch()
    worker = start("worker", DUPLICATION_RDS_INSTANCE=instance)
    line = f"Duplication {duplication}, episodes: waiting: CPU 91 % > 80 %, again in 60 s"

    eventually(lambda: line in worker.said, "it says so")

    assert queue.receive(0, 1) is None
    assert [(one.outcome, one.reason) for one in engine.list_attempts(duplication)] == [("later", "CPU 91 % > 80 %")]

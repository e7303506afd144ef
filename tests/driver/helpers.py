"""What the driver's tests share: processes of the `duplication` command, and a queue that remembers what was asked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from click.testing import Result

from duplication.config import Settings
from duplication.engine import Engine
from duplication.jobs import Job
from duplication.outages import Outages
from duplication.queue import DoneMessages, Message, Queue, QueueError
from duplication.signals import StopFlag
from duplication.worker.database_cpu import CpuGauge
from duplication.worker.dispatcher import dispatch_due
from duplication.worker.job_runner import JobRunner
from duplication.worker.sessions import Sessions
from duplication.worker.worker import Worker
from duplication.worker.worker_context import WorkerContext
from tests.support.waiting import DEADLINE

COMMAND = (sys.executable, "-P", "-m", "duplication")
# No test has to wait: for messages that do not come, or for the time of one that was not settled.
# A message for each level, so that there is something between two of them.
# no limit of memory: the process is that of the tests
QUICK = Settings(poll_seconds=0, visibility_seconds=30, carry_on=False, memory_mb=0)

Run = Callable[..., Result]
NewDsn = Callable[[], str]
Dump = Callable[..., str]

every_queue = pytest.mark.parametrize("endpoint", ["ministack", "moto"], indirect=True)


class RecordingQueue(Queue):
    """A real queue that remembers what became of messages, and fails where a test says so."""

    def __init__(self, queue: Queue) -> None:
        super().__init__(queue.url, queue._client)
        self.sent: list[str] = []
        self.settled: list[tuple[str, int]] = []
        self.refused: set[str] = set()

    def send(self, job: Job, attributes: Mapping[str, str] | None = None) -> None:
        self._pass("send")
        super().send(job, attributes)
        self.sent.append(job.level)

    def extend(self, message: Message, seconds: int) -> None:
        self._pass("extend")
        super().extend(message, seconds)

    def release(self, message: Message, delay_seconds: int = 0) -> None:
        super().extend(message, delay_seconds)
        self.settled.append(("released", delay_seconds))

    def send_all(self, jobs: Sequence[tuple[Job, Mapping[str, str]]]) -> None:
        self._pass("send")
        super().send_all(jobs)
        self.sent.extend(job.level for job, _ in jobs)

    def delete_all(self, messages: Sequence[Message]) -> None:
        self._pass("delete")
        super().delete_all(messages)
        self.settled.extend([("deleted", 0)] * len(messages))

    def _pass(self, action: str) -> None:
        if action in self.refused:
            raise QueueError(f"no {action} today")


def make_context(
    engine: Engine,
    queue: Queue,
    settings: Settings = QUICK,
    stop: StopFlag | None = None,
    cpu: CpuGauge | None = None,
    name: str = "a worker",
) -> WorkerContext:
    """What the threads of one worker share, here one thread that works in the test's own session."""
    cpu = cpu or CpuGauge(None, Outages())
    return WorkerContext(name, lambda: engine, queue, DoneMessages(queue), settings, stop or StopFlag(), cpu)


class Runner:
    """Does jobs one by one, when the test says so."""

    def __init__(self, engine: Engine, context: WorkerContext) -> None:
        self.stop = context.stop
        self._engine = engine
        self._context = context
        self._jobs = JobRunner(Sessions([engine], None), context)

    def dispatch(self) -> int:
        return dispatch_due(self._engine, self._context)

    def handle(self, message: Message) -> None:
        try:
            self._jobs.handle(message)
        finally:
            self._context.done.delete()


def runner(engine: Engine, queue: Queue, name: str = "a worker", settings: Settings = QUICK) -> Runner:
    return Runner(engine, make_context(engine, queue, settings, name=name))


def take(queue: Queue, visibility_seconds: int = 30) -> Message:
    """The message that has to be there."""
    message = queue.receive(0, visibility_seconds)
    assert message is not None, "no message in the queue"
    return message


def complete(engine: Engine, duplication: int) -> None:
    """Copy every level that is not done, here and now."""
    while (level := engine.next_level(duplication)) is not None:
        engine.duplicate_level(duplication, level)


def work_until_idle(dsn: str, queue: Queue, settings: Settings = QUICK) -> None:
    """What `duplication worker --once` does."""
    Worker(lambda: Engine.connect(dsn), queue, settings, StopFlag(), once=True).run()


def document(result: Result) -> Any:
    """Standard output, which has to be one JSON document and nothing else."""
    return json.loads(result.stdout)


class Command:
    """A running `duplication` command, which does not outlive its block."""

    def __init__(self, environment: Mapping[str, str], log: Path, *arguments: str) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*COMMAND, *arguments],
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @property
    def said(self) -> str:
        return self.log.read_text()

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """The exit code, once it ends."""
        return self.process.wait(DEADLINE)

    def __enter__(self) -> Command:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(DEADLINE)


Start = Callable[..., Command]
"""Starts a `duplication` command in a process of its own."""

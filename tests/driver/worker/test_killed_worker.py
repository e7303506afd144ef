"""A worker that is killed, or whose session is, loses nothing and repeats nothing."""

from __future__ import annotations

import signal

import psycopg
import pytest

from duplication.engine import Engine
from duplication.jobs import Job
from tests.driver.helpers import RecordingQueue, Start, take
from tests.support.aliases import Episode
from tests.support.calls import set_batch_rows, value
from tests.support.faults import Gate, kill_backend
from tests.support.waiting import eventually


@pytest.fixture
def requested(db: psycopg.Connection, engine: Engine, episode: Episode) -> int:
    """A duplication of 1, 3, 6 and 24 rows, in many batches."""
    source = str(episode())
    set_batch_rows(db, 5)
    return engine.request_duplication("episode", source)


def a_block(db: psycopg.Connection) -> int:
    return int(value(db, "select id from public.blocks where orig_id is null order by id offset 12 limit 1"))


def check_copied_once(db: psycopg.Connection, engine: Engine, duplication: int) -> None:
    eventually(lambda: engine.find_duplication(duplication).status == "completed", "the duplication is completed")
    assert list(engine.verify(duplication)) == []
    copied = [
        value(db, f"select count(*) from public.{level} where orig_id is not null")
        for level in ("episodes", "parts", "items", "blocks")
    ]
    assert copied == [1, 3, 6, 24]


def test_a_worker_killed_inside_a_call_is_replaced_by_another(
    db: psycopg.Connection, dsn: str, engine: Engine, start: Start, requested: int
) -> None:
    with Gate(dsn, "public.blocks", "orig_id", a_block(db)) as gate:
        with start("worker") as worker:
            backends = gate.wait_for()
            worker.send(signal.SIGKILL)
            worker.wait()
        left = "select count(*) from pg_stat_activity where pid = any(%s)"
        eventually(lambda: value(db, left, backends) == 0, "its session ends, rather than do the job to its end")
        gate.open()
    start("worker")
    check_copied_once(db, engine, requested)
    # its message may come again when all is done
    assert [outcome for outcome in outcomes(db, "blocks") if outcome != "stopped"] == ["lost", "done"]


def test_killed_between_sending_and_deleting_a_job_is_copied_once(
    db: psycopg.Connection, dsn: str, engine: Engine, start: Start, queue: RecordingQueue, requested: int
) -> None:
    """It has sent the job for parts, and is about to record that the episode is done and to delete its message."""
    with Gate(dsn, "_duplication.attempts", "outcome", "done", "after update") as gate:
        with start("worker") as worker:
            (backend,) = gate.wait_for()
            worker.send(signal.SIGKILL)
            worker.wait()
        kill_backend(db, backend)
        assert Job.parse(take(queue, 0).body).level == "parts"
        gate.open()
    start("worker")
    eventually(lambda: len(outcomes(db, "episodes")) == 2, "the episode's job comes again")
    check_copied_once(db, engine, requested)
    assert outcomes(db, "episodes")[0] == "lost"
    assert outcomes(db, "episodes")[1] in {"done", "stopped"}


def outcomes(db: psycopg.Connection, level: str) -> list[str | None]:
    found = db.execute("select outcome from _duplication.attempts where level = %s order by id", (level,))
    return [row[0] for row in found]


def test_a_session_that_is_ended_inside_a_batch_is_replaced(
    db: psycopg.Connection, dsn: str, engine: Engine, start: Start, requested: int
) -> None:
    with Gate(dsn, "public.blocks", "orig_id", a_block(db)) as gate:
        worker = start("worker")
        (backend,) = gate.wait_for()
        kill_backend(db, backend)
        gate.open()
        check_copied_once(db, engine, requested)
    assert worker.process.poll() is None
    assert "The database is back" in worker.said
    assert "Traceback" not in worker.said


def test_a_session_that_is_ended_while_it_waits_is_replaced(
    db: psycopg.Connection, engine: Engine, start: Start, episode: Episode
) -> None:
    worker = start("worker")
    backends = eventually(lambda: backends_of_workers(db), "the worker's session")
    kill_backend(db, backends[0])
    duplication = engine.request_duplication("episode", str(episode()))
    check_copied_once(db, engine, duplication)
    assert worker.process.poll() is None


def backends_of_workers(db: psycopg.Connection) -> list[int]:
    """The sessions of commands: the test's own have other names or were there before."""
    found = db.execute(
        """
        select pid from pg_stat_activity
        where datname = current_database() and application_name = 'duplication' and query like '%dispatch_jobs%'
        """
    )
    return [row[0] for row in found]

"""What holds jobs back holds them back in whatever worker they are, and lets them go on by themselves."""

from __future__ import annotations

import re

import psycopg

from duplication.engine import Engine
from duplication.jobs import Job
from duplication.queue import Queue
from tests.driver.helpers import RecordingQueue, Start, every_queue, runner, take
from tests.driver.watching import (
    AT_WORK,
    BATCHWISE,
    PATIENT,
    REFUSE,
    Sampler,
    busy_sessions,
    outcomes,
    wait_for_completion,
    wait_for_reason,
)
from tests.support.aliases import Episode
from tests.support.calls import rows_done, set_batch_rows, value
from tests.support.faults import Gate
from tests.support.waiting import eventually


def told_to_wait(db: psycopg.Connection, duplication: int) -> int:
    query = "select count(*) from duplication.events where duplication_id = %s and type = 'duplication.waiting'"
    return int(value(db, query, duplication))


def gate_in_the_middle(db: psycopg.Connection, dsn: str) -> Gate:
    block = value(db, "select id from public.blocks where orig_id is null order by id offset 12 limit 1")
    return Gate(dsn, "public.blocks", "orig_id", block)


@every_queue
def test_switched_off_within_a_level_it_stops_until_switched_on(
    db: psycopg.Connection, dsn: str, engine: Engine, queue: Queue, start: Start, episode: Episode
) -> None:
    duplication = engine.request_duplication("episode", str(episode()))
    set_batch_rows(db, 5)
    db.execute("update duplication.settings set disabled_wait = '0.1 s'")
    with gate_in_the_middle(db, dsn) as gate:
        worker = start("worker", **BATCHWISE)
        gate.wait_for()
        db.execute("update duplication.settings set enabled = false")
        gate.open()
        wait_for_reason(engine, duplication, "switched off")
        until = engine.find_duplication(duplication).not_before
        eventually(lambda: engine.find_duplication(duplication).not_before != until, "it is put off again")
    assert 0 < rows_done(db, duplication, "blocks") < 24
    assert outcomes(db, duplication, "blocks") == ["later"]
    assert told_to_wait(db, duplication) == 1, "told once, however often it is put off"
    assert queue.receive(0, 1) is None, "it waits in the table, not in the queue"
    db.execute("update duplication.settings set enabled = true")
    wait_for_completion(engine, duplication)
    assert outcomes(db, duplication, "blocks") == ["later", "done"]
    assert "waiting: duplication is switched off" in worker.said


@every_queue
def test_load_above_a_threshold_puts_a_job_off_until_it_is_over(
    db: psycopg.Connection, dsn: str, engine: Engine, queue: Queue, start: Start, episode: Episode
) -> None:
    duplication = engine.request_duplication("episode", str(episode()))
    set_batch_rows(db, 5)
    # The test itself looks at the database, and is a session like others.
    db.execute("update duplication.settings set load_wait = '0.1 s', max_active_sessions = 2")
    with gate_in_the_middle(db, dsn) as gate:
        worker = start("worker", **BATCHWISE)
        gate.wait_for()
        with busy_sessions(db, 3):
            gate.open()
            reason = wait_for_reason(engine, duplication, "active sessions")
            assert re.fullmatch(r"active sessions [34] > 2", reason)
            later = engine.request_duplication("episode", engine.find_duplication(duplication).root_key)
            wait_for_reason(engine, later, "active sessions")
            assert 0 < rows_done(db, duplication, "blocks") < 24
    wait_for_completion(engine, duplication, later)
    assert outcomes(db, duplication, "blocks")[0] == "later"
    assert re.search(r"waiting: active sessions [34] > 2, again in 0 s", worker.said)


@every_queue
def test_two_workers_together_have_no_more_at_work_than_there_may_be(
    db: psycopg.Connection, dsn: str, engine: Engine, queue: RecordingQueue, start: Start, episode: Episode
) -> None:
    source = str(episode(parts=2, items=2, blocks=3))
    set_batch_rows(db, 5)
    db.execute("update duplication.settings set max_active = 2, active_wait = '0.1 s'")
    block = value(db, "select min(id) from public.blocks")
    ids = [engine.request_duplication("episode", source) for _ in range(6)]
    with Sampler(dsn, AT_WORK) as sampler, Gate(dsn, "public.blocks", "orig_id", block) as gate:
        for _ in range(2):
            start("worker", "--concurrency", "4", **BATCHWISE)
        gate.wait_for(2)
        assert engine.find_duplication(ids[-1]).dispatched_at is None, "the backlog is not in the queue"
        for id_ in ids[2:]:
            queue.send(Job(engine.find_installation(), id_, "episodes"))
        for id_ in ids[2:]:
            wait_for_reason(engine, id_, "2 duplications are at work, of 2")
        gate.open()
        wait_for_completion(engine, *ids)
    assert max(sampler.seen) == 2


def test_failures_that_one_worker_met_hold_back_the_jobs_of_another(
    db: psycopg.Connection, engine: Engine, queue: RecordingQueue, start: Start, episode: Episode
) -> None:
    source = str(episode())
    db.execute("update duplication.settings set throttle_failures = 2, throttle_window = '1 h'")
    db.execute(REFUSE.format("40001"))
    failed = [engine.request_duplication("episode", source) for _ in range(2)]
    # One that is killed while it waits for messages would be given the next one all the same.
    with start("worker", **PATIENT | {"DUPLICATION_POLL_SECONDS": "0"}) as one:
        for id_ in failed:
            wait_for_reason(engine, id_, "2 transient failures of tree episode within 3600 s")
    assert one.process.poll() is not None
    start("worker", **PATIENT)
    third = engine.request_duplication("episode", source)
    wait_for_reason(engine, third, "2 transient failures of tree episode within 3600 s")
    assert [len(outcomes(db, id_, "parts")) for id_ in [*failed, third]].count(0) == 1, "the third was not tried"
    db.execute("drop trigger refuse on public.parts")
    db.execute("update _duplication.attempts set ended_at = ended_at - interval '1 h' where outcome = 'transient'")
    db.execute("update duplication.duplications set not_before = clock_timestamp() where not_before is not null")
    wait_for_completion(engine, *failed, third)


@every_queue
def test_a_job_that_has_to_wait_often_never_becomes_a_dead_letter(
    db: psycopg.Connection,
    engine: Engine,
    queue: RecordingQueue,
    dead_letters: Queue,
    start: Start,
    episode: Episode,
) -> None:
    """Each time it waits its message is deleted, and another one is sent when it is due."""
    duplication = engine.request_duplication("episode", str(episode()))
    worker = runner(engine, queue)
    for _ in range(12):
        assert worker.dispatch() == 1
        db.execute("update duplication.settings set enabled = false")
        message = take(queue, 1)
        assert message.receive_count == 1
        worker.handle(message)
        assert engine.find_duplication(duplication).waiting_reason == "duplication is switched off"
        db.execute("update duplication.settings set enabled = true")
        db.execute("update duplication.duplications set not_before = clock_timestamp()")
    start("worker", **BATCHWISE)
    wait_for_completion(engine, duplication)
    assert dead_letters.receive(0, 1) is None
    assert queue.receive(0, 1) is None

"""Several sessions of one worker share a job's level; what one of them meets becomes of the whole job."""

from __future__ import annotations

import psycopg

from duplication.engine import Engine
from duplication.queue import Queue
from tests.driver.helpers import Start, every_queue
from tests.driver.watching import PATIENT, copied_rows, outcomes, wait_for_completion
from tests.support.aliases import Episode
from tests.support.calls import rows_done, set_batch_rows, status, value
from tests.support.faults import Gate
from tests.support.waiting import eventually


def blocks(db: psycopg.Connection) -> list[int]:
    return [row[0] for row in db.execute("select id from public.blocks where orig_id is null order by id")]


@every_queue
def test_three_sessions_share_a_level(
    db: psycopg.Connection, dsn: str, engine: Engine, queue: Queue, start: Start, episode: Episode
) -> None:
    """Two of them are held up in the level's first batches: the third does the rest."""
    duplication = engine.request_duplication("episode", str(episode(parts=6, items=2, blocks=5)))
    set_batch_rows(db, 5)
    first, second = blocks(db)[0], blocks(db)[5]
    with (
        Gate(dsn, "public.blocks", "orig_id", first) as one,
        Gate(dsn, "public.blocks", "orig_id", second) as other,
    ):
        start("worker", "--parallel", "3", **PATIENT)
        held = {*one.wait_for(), *other.wait_for()}
        assert len(held) == 2
        eventually(lambda: rows_done(db, duplication, "blocks") == 50, "all but their batches are copied")
        one.open()
        other.open()
        wait_for_completion(engine, duplication)
    found = {
        row[0]
        for row in db.execute(
            "select backend_pid from _duplication.batches where duplication_id = %s and level = 'blocks'",
            (duplication,),
        )
    }
    assert len(found) == 3
    assert held < found
    assert copied_rows(db) == [1, 6, 12, 60]
    assert outcomes(db, duplication, "blocks") == ["done"], "it is one job all the same"


def test_a_lasting_error_in_one_of_the_sessions_fails_the_duplication(
    db: psycopg.Connection, engine: Engine, queue: Queue, start: Start, episode: Episode
) -> None:
    duplication = engine.request_duplication("episode", str(episode(parts=6, items=2, blocks=5)))
    set_batch_rows(db, 5)
    refused = blocks(db)[30]
    db.execute(f"alter table public.blocks add constraint no_copies check (orig_id is distinct from {refused})")
    worker = start("worker", "--parallel", "3", **PATIENT)
    eventually(lambda: status(db, duplication) == "failed", "the duplication has failed")
    eventually(lambda: outcomes(db, duplication, "blocks") == ["lasting"], "its job is over")
    error = engine.find_duplication(duplication).error
    assert error is not None
    assert (error["sqlstate"], error["level"], error["relation"]) == ("23514", "blocks", "public.blocks")
    attempt = value(db, "select error from _duplication.attempts where outcome = 'lasting'")
    assert attempt["sqlstate"] == "23514", "not that the others have met a failed duplication"
    db.execute("alter table public.blocks drop constraint no_copies")
    engine.retry(duplication)
    wait_for_completion(engine, duplication)
    assert copied_rows(db) == [1, 6, 12, 60]
    assert worker.process.poll() is None
    assert "Traceback" not in worker.said


def test_a_transient_error_in_one_of_the_sessions_has_the_job_tried_again(
    db: psycopg.Connection, engine: Engine, queue: Queue, start: Start, episode: Episode
) -> None:
    duplication = engine.request_duplication("episode", str(episode(parts=6, items=2, blocks=5)))
    set_batch_rows(db, 5)
    db.execute("""
        create function public.refuse() returns trigger language plpgsql
        as $$ begin raise exception using errcode = '40001', message = 'not now'; end $$
    """)
    db.execute(f"""
        create trigger refuse before insert on public.blocks
        for each row when (new.orig_id = {blocks(db)[30]}) execute function public.refuse()
    """)
    start("worker", "--parallel", "3", **PATIENT)
    eventually(lambda: "transient" in outcomes(db, duplication, "blocks"), "the job has failed once")
    assert 30 <= rows_done(db, duplication, "blocks") <= 55, "the batches before it at least, and never that one"
    db.execute("drop function public.refuse cascade")
    wait_for_completion(engine, duplication)
    assert copied_rows(db) == [1, 6, 12, 60]


def test_the_command_shares_a_copy_between_its_sessions(
    db: psycopg.Connection, dsn: str, start: Start, episode: Episode
) -> None:
    """One of them is held up in the level's first batch: the other does the rest."""
    source = episode(parts=6, items=2, blocks=5)
    set_batch_rows(db, 5)
    with Gate(dsn, "public.blocks", "orig_id", blocks(db)[0]) as gate:
        command = start("duplicate", "episode", str(source), "--parallel", "2")
        (held,) = gate.wait_for()
        duplication = value(db, "select max(id) from duplication.duplications")
        eventually(lambda: rows_done(db, duplication, "blocks") == 55, "all but its batch is copied")
        gate.open()
        assert command.wait() == 0, command.said
    assert copied_rows(db) == [1, 6, 12, 60]
    others = value(
        db, "select array_agg(distinct backend_pid) from _duplication.batches where level = 'blocks' and batch_no > 1"
    )
    assert held not in others

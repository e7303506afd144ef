"""A job that fails in a running worker is tried again, or ends its duplication, with everything on record."""

from __future__ import annotations

import psycopg
import pytest

from duplication.engine import Engine
from duplication.queue import Queue
from tests.driver.helpers import Start, every_queue
from tests.driver.watching import (
    BATCHWISE,
    PATIENT,
    REFUSE,
    copied_rows,
    is_over,
    outcomes,
    wait_for_completion,
    wait_for_reason,
)
from tests.support.aliases import Episode
from tests.support.calls import value
from tests.support.waiting import eventually


@every_queue
@pytest.mark.parametrize("environment_of_worker", [PATIENT, BATCHWISE], ids=["calls of 5 s", "calls of a batch"])
def test_a_transient_error_is_tried_again_until_there_were_too_many(
    db: psycopg.Connection,
    engine: Engine,
    queue: Queue,
    start: Start,
    episode: Episode,
    environment_of_worker: dict[str, str],
) -> None:
    duplication = engine.request_duplication("episode", str(episode()))
    db.execute("update duplication.settings set max_attempts = 3")
    db.execute(REFUSE.format("40001"))
    worker = start("worker", **environment_of_worker)
    wait_for_reason(engine, duplication, "failure 1 of 3: no such part today")
    eventually(lambda: is_over(engine, duplication), "it has failed for good")
    failed = engine.find_duplication(duplication)
    assert failed.status == "failed"
    assert failed.error is not None
    assert (failed.error["sqlstate"], failed.error["level"]) == ("40001", "parts")
    assert (failed.error["message"], failed.error["hint"]) == ("no such part today", "come back")
    assert outcomes(db, duplication, "parts") == ["transient"] * 3
    errors = [row[0] for row in db.execute("select error from _duplication.attempts where level = 'parts'")]
    assert [(error["sqlstate"], error["message"]) for error in errors] == [("40001", "no such part today")] * 3
    eventually(lambda: "[error    ] Duplication" in worker.said, "the worker tells it as an error")
    assert queue.receive(0, 1) is None, "no job of it is left"


@every_queue
def test_a_lasting_error_ends_it_at_once_and_is_kept_whole(
    db: psycopg.Connection, engine: Engine, queue: Queue, start: Start, episode: Episode
) -> None:
    duplication = engine.request_duplication("episode", str(episode()))
    db.execute(REFUSE.format("23514"))
    start("worker", **PATIENT)
    eventually(lambda: is_over(engine, duplication), "it has failed")
    eventually(lambda: outcomes(db, duplication, "parts") == ["lasting"], "its only attempt is over")
    failed = engine.find_duplication(duplication)
    assert failed.status == "failed"
    assert failed.error is not None
    for name, part in {
        "sqlstate": "23514",
        "level": "parts",
        "message": "no such part today",
        "hint": "come back",
        "relation": "public.parts",
    }.items():
        assert failed.error[name] == part
    assert "refuse()" in failed.error["context"]
    db.execute("drop trigger refuse on public.parts")
    engine.retry(duplication)
    wait_for_completion(engine, duplication)
    assert copied_rows(db) == [1, 3, 6, 24]


@pytest.mark.parametrize("sqlstate", ["40001", "23514"])
def test_a_failure_of_one_does_not_keep_others_from_being_done(
    db: psycopg.Connection, engine: Engine, queue: Queue, start: Start, episode: Episode, sqlstate: str
) -> None:
    other, source = str(episode()), episode()
    part = value(db, "select min(id) from public.parts where episode_id = %s", source)
    failing = engine.request_duplication("episode", str(source))
    db.execute(REFUSE.format(sqlstate).replace("new.orig_id is not null", f"new.orig_id = {part}"))
    ids = [engine.request_duplication("episode", other) for _ in range(2)]
    start("worker", **PATIENT)
    wait_for_completion(engine, *ids)
    assert engine.find_duplication(failing).status != "completed"


def test_what_fails_in_one_thread_again_and_again_is_told_once(
    db: psycopg.Connection, engine: Engine, queue: Queue, start: Start, episode: Episode
) -> None:
    """Such as a routine that somebody has broken, while the worker's other threads have nothing to complain of."""
    duplication = engine.request_duplication("episode", str(episode()))
    db.execute("alter function _duplication.due_jobs rename to due_jobs_away")
    try:
        worker = start("worker", DUPLICATION_LOG_LEVEL="DEBUG", **PATIENT)
        eventually(lambda: worker.said.count("function _duplication.due_jobs") >= 4, "it has failed several times")
    finally:
        db.execute("alter function _duplication.due_jobs_away rename to due_jobs")
    wait_for_completion(engine, duplication)
    assert worker.said.count("[warning  ] The work") == 1, worker.said
    eventually(lambda: " is back\n" in worker.said, "it says that it works again")
    assert worker.said.count(" is back\n") == 1, worker.said

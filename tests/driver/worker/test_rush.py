"""Many requests at once are all done, each once, and never more at a time than there may be."""

from __future__ import annotations

import os

import psycopg

from duplication.queue import Queue
from tests.driver.helpers import Start
from tests.driver.watching import AT_WORK, LEVELS, PATIENT, Sampler
from tests.support.aliases import Episode
from tests.support.calls import value, verify
from tests.support.waiting import eventually

REQUESTS = int(os.environ.get("RUSH_REQUESTS", "100"))
SHAPE = {"episodes": 1, "parts": 2, "items": 4, "blocks": 8}


def test_a_rush_of_requests_is_done_each_once_and_a_few_at_a_time(
    db: psycopg.Connection, dsn: str, queue: Queue, dead_letters: Queue, start: Start, episode: Episode
) -> None:
    source = episode(parts=2, items=2, blocks=2)
    with Sampler(dsn, AT_WORK) as sampler:
        for _ in range(2):
            start("worker", "--concurrency", "4", **PATIENT)
        with db.transaction():
            requested = db.execute(
                "select duplication.request_duplication('episode', %s) from generate_series(1, %s)",
                (str(source), REQUESTS),
            ).fetchall()
        left = "select count(*) from duplication.duplications where status in ('pending', 'in_progress')"
        eventually(lambda: value(db, left) == 0, "all requests are over", 30 + REQUESTS)
    ids = [row[0] for row in requested]
    assert len(set(ids)) == REQUESTS
    assert db.execute("select distinct status from duplication.duplications").fetchall() == [("completed",)]
    assert [id_ for id_ in ids if verify(db, id_)] == []
    for level in LEVELS:
        copies = value(db, f"select count(*) from public.{level} where orig_id is not null")
        assert copies == REQUESTS * SHAPE[level], level
    assert value(db, "select count(*) from public.episodes where orig_id = %s", source) == REQUESTS
    assert 1 < max(sampler.seen) <= 5
    workers = value(db, "select count(distinct worker) from _duplication.attempts where outcome = 'done'")
    assert workers == 2, "both have done some"
    eventually(lambda: value(db, AT_WORK) == 0, "nobody is at work any more")
    assert queue.receive(0, 1) is None
    assert dead_letters.receive(0, 1) is None

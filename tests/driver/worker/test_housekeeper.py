"""A running worker discards and purges by itself what the settings ask for."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from duplication.engine import Engine
from duplication.signals import StopFlag
from duplication.worker.housekeeper import Housekeeper
from tests.driver.helpers import Command, RecordingQueue, make_context, work_until_idle
from tests.support.aliases import Episode
from tests.support.calls import copy_level, value
from tests.support.waiting import eventually


def test_failed_and_cancelled_copies_are_discarded_and_old_ones_purged(
    db: psycopg.Connection,
    dsn: str,
    engine: Engine,
    queue: RecordingQueue,
    start: Callable[..., Command],
    episode: Episode,
) -> None:
    source = str(episode())
    kept = engine.request_duplication("episode", source)
    work_until_idle(dsn, queue)
    cancelled = engine.request_duplication("episode", source)
    failed = engine.request_duplication("episode", source)
    for duplication in (cancelled, failed):
        copy_level(db, duplication, "episodes")
    engine.cancel(cancelled)
    attempt = engine.begin_attempt(failed, "parts", "m", "w").attempt
    engine.end_attempt(attempt, "lasting", {"level": "parts", "sqlstate": "23505", "message": "twice"})
    db.execute("""
        update duplication.settings set discard_cancelled_after = '0 s', discard_failed_after = '0 s',
            purge_after = '0 s', purge_events_after = '0 s'
    """)

    start("worker")

    for duplication in (cancelled, failed):
        eventually(lambda id_=duplication: engine.find_duplication(id_).status == "discarded", "it is discarded")  # type: ignore[misc]
    eventually(lambda: value(db, "select count(*) = 0 from duplication.events"), "what was told is purged")
    eventually(lambda: engine.find_duplication(kept).purged_at, "what is completed is purged")
    left = "select count(*) from _duplication.id_map m join _duplication.level_runs r on r.id = m.run"
    assert value(db, f"{left} where r.duplication_id = %s", kept) == 0
    assert value(db, "select count(*) from public.episodes where orig_id is not null") == 1
    assert [level.rows_copied for level in engine.list_progress(kept)] == [1, 3, 6, 24]


@pytest.fixture
def look(engine: Engine, queue: RecordingQueue) -> Callable[[], None]:
    """One look of the housekeeper, without its rest afterwards."""
    stop = StopFlag()
    stop.request()
    keeper = Housekeeper(make_context(engine, queue, stop=stop))

    def once() -> None:
        with keeper.open_step(engine) as step:
            step()

    return once


def test_a_discard_that_is_refused_is_told_once_and_left_alone(
    db: psycopg.Connection,
    engine: Engine,
    look: Callable[[], None],
    episode: Episode,
    caplog: pytest.LogCaptureFixture,
) -> None:
    duplication = engine.request_duplication("episode", str(episode()))
    copy_level(db, duplication, "episodes")
    engine.cancel(duplication)
    new_root = engine.find_duplication(duplication).new_root_key
    db.execute("insert into public.parts (episode_id, title) values (%s::bigint, 'mine')", (new_root,))
    db.execute("update duplication.settings set discard_cancelled_after = '0 s'")

    for _ in range(3):
        look()

    told = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert len(told) == 1
    assert told[0].startswith(f"Duplication {duplication} could not be discarded")
    assert "UD013" in told[0]
    assert engine.find_duplication(duplication).status == "cancelled"


def test_nothing_is_done_while_switched_off_or_not_asked_for(
    db: psycopg.Connection, engine: Engine, look: Callable[[], None], episode: Episode
) -> None:
    duplication = engine.request_duplication("episode", str(episode()))
    engine.cancel(duplication)
    look()
    assert engine.find_duplication(duplication).status == "cancelled"
    db.execute("update duplication.settings set discard_cancelled_after = '0 s', enabled = false")
    look()
    assert engine.find_duplication(duplication).status == "cancelled"
    db.execute("update duplication.settings set enabled = true")
    look()
    assert engine.find_duplication(duplication).status == "discarded"

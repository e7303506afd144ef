"""A database that was restored or copied becomes an installation of its own."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Connection, Episode
from tests.support.calls import copy_level, duplicate, finish, open_duplication, set_batch_rows, value


def types(db: Connection, cursor: str) -> list[str]:
    return [row[0] for row in db.execute("select type from duplication.read_events(%s)", (cursor,))]


def test_its_jobs_are_sent_anew_under_its_own_name(db: Connection, episode: Episode) -> None:
    source = str(episode())
    before = value(db, "select id from _duplication.installation")
    sent = value(db, "select duplication.request_duplication('episode', %s)", source)
    db.execute("select _duplication.dispatch_jobs()")
    adopted = value(db, "select duplication.adopt()")
    assert adopted != before
    assert adopted == value(db, "select id from _duplication.installation")
    assert db.execute("select duplication_id from _duplication.dispatch_jobs()").fetchall() == [(sent,)]


def test_its_feed_tells_all_it_holds_to_readers_who_begin_anew(db: Connection, episode: Episode) -> None:
    """The server that it was dumped from was further on than the one that it is in."""
    db.execute("select duplication.request_duplication('episode', %s)", (str(episode()),))
    cursor = value(db, "select duplication.feed_position()")
    db.execute("update duplication.events set xid = '9000000000'")
    db.execute("update _duplication.installation set purged_xid = '9000000000'")
    assert types(db, cursor) == ["reset"]
    db.execute("select duplication.adopt()")
    assert types(db, cursor) == ["reset"], "what it was told may not be what is here"
    own = value(db, "select duplication.feed_position()")
    assert types(db, own) == []
    assert value(db, "select count(*) from duplication.events where xid >= pg_current_xact_id()") == 0
    duplicate(db, episode())
    assert types(db, own)[0] == "duplication.requested"


def test_its_trees_are_compiled_from_its_own_catalog(db: Connection, episode: Episode) -> None:
    source = episode()
    duplicate(db, source)
    db.execute("update _duplication.compiled_levels set copy_statement = 'of another catalog'")
    db.execute("select duplication.adopt()")
    oracle.assert_isomorphic(db, duplicate(db, source), source)


def test_levels_that_are_not_begun_are_compiled_from_its_own_catalog(db: Connection, episode: Episode) -> None:
    source = episode()
    duplication = open_duplication(db, source)
    copy_level(db, duplication, "episodes")
    db.execute("update _duplication.level_runs set statement = 'of another catalog' where started_at is null")
    db.execute("select duplication.adopt()")
    oracle.assert_isomorphic(db, finish(db, duplication), source)


@pytest.mark.parametrize("is_planned", [False, True], ids=["being planned", "being copied"])
def test_copies_go_on_where_they_are(db: Connection, episode: Episode, is_planned: bool) -> None:
    set_batch_rows(db, 2)
    source = episode(parts=3, items=2, blocks=2)
    duplication = open_duplication(db, source)
    planned = "select coalesce(bool_and(planned_at is not null), false) from _duplication.level_runs"
    copy_level(db, duplication, None, budget="0 s")
    copy_level(db, duplication, None, budget="0 s")
    while is_planned and not value(db, planned):
        copy_level(db, duplication, None, budget="0 s")
    assert value(db, planned) == is_planned
    db.execute("select duplication.adopt()")
    oracle.assert_isomorphic(db, finish(db, duplication), source)


def test_while_somebody_sends_jobs_it_is_refused(
    db: Connection, episode: Episode, connect: Callable[[], Connection]
) -> None:
    db.execute("update duplication.settings set lock_timeout = '0.1 s'")
    dispatching = connect()
    with dispatching.transaction():
        dispatching.execute("select _duplication.dispatch_jobs()")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            db.execute("select duplication.adopt()")

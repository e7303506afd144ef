"""The feature flag: switched off, requests are kept, and nothing is copied."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Connect, Episode
from tests.support.calls import (
    copy_level,
    copy_levels_before,
    finish,
    open_duplication,
    rows_done,
    set_batch_rows,
    status,
    value,
)
from tests.support.faults import Gate
from tests.support.snapshots import refused
from tests.support.waiting import Background


@pytest.fixture
def db(emptied: psycopg.Connection) -> psycopg.Connection:
    return emptied


def switch(conn: psycopg.Connection, *, on: bool) -> None:
    conn.execute("update duplication.settings set enabled = %s", (on,))


def test_a_request_is_accepted_and_kept(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1)
    switch(db, on=False)

    duplication = value(db, "select duplication.request_duplication('episode', %s)", str(source))

    with refused(db, "UD008"):
        copy_level(db, duplication, "episodes")
    assert status(db, duplication) == "pending"
    switch(db, on=True)
    oracle.assert_isomorphic(db, finish(db, duplication), source)


@pytest.mark.parametrize("level", ["episodes", "parts", "blocks"])
def test_a_level_that_is_called_is_refused(db: psycopg.Connection, episode: Episode, level: str) -> None:
    duplication = open_duplication(db, episode(parts=1))
    copy_levels_before(db, duplication, level)
    switch(db, on=False)

    with refused(db, "UD008"):
        copy_level(db, duplication, level)


def test_a_level_that_is_done_still_says_so(db: psycopg.Connection, episode: Episode) -> None:
    duplication = open_duplication(db, episode(parts=1))
    copy_level(db, duplication, "episodes")
    switch(db, on=False)

    assert copy_level(db, duplication, "episodes") == (True, "parts")


def test_a_dba_is_refused_as_well(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1)
    switch(db, on=False)

    with pytest.raises(psycopg.Error) as caught:
        db.execute("call duplication.duplicate('episode', %s)", (str(source),))

    assert caught.value.sqlstate == "UD008"
    assert value(db, "select count(*) from public.episodes") == 1


@pytest.mark.parametrize("stage", ["copying", "planning"])
def test_switched_off_meanwhile_it_stops_at_the_next_batch(
    db: psycopg.Connection, connect: Connect, episode: Episode, stage: str
) -> None:
    source = episode(parts=1, items=4, blocks=4)
    set_batch_rows(db, 4)
    duplication = open_duplication(db, source)
    if stage == "copying":
        copy_levels_before(db, duplication, "blocks")
        second_item = value(db, "select id from public.blocks order by id offset 5 limit 1")
        gate = Gate(db.info.dsn, "public.blocks", "orig_id", second_item)
    else:
        item = value(db, "select min(id) from public.items")
        gate = Gate(db.info.dsn, "_duplication.id_map", "orig_key", item)
    with gate:
        copying = Background(finish, connect(), duplication)
        gate.wait_for()
        switch(db, on=False)
        gate.open()
        error = copying.error()

    assert isinstance(error, psycopg.Error)
    assert error.sqlstate == "UD008"
    assert status(db, duplication) == "in_progress"
    if stage == "copying":
        assert rows_done(db, duplication, "blocks") == 8
    else:
        assert value(db, "select count(*) from public.episodes") == 1
    with refused(db, "UD008"):
        finish(db, duplication)
    switch(db, on=True)
    oracle.assert_isomorphic(db, finish(db, duplication), source)


def test_cancel_retry_and_discard_are_served_all_the_same(db: psycopg.Connection, episode: Episode) -> None:
    """Switching off is for trouble, and these are what one does about it."""
    source = episode(parts=1)
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "items")
    switch(db, on=False)

    db.execute("select duplication.cancel(%s)", (duplication,))
    db.execute("call duplication.discard(%s)", (duplication,))

    assert status(db, duplication) == "discarded"
    oracle.assert_no_other_rows(db, [source])

"""Cancel waits for nobody, and takes effect at the next batch boundary."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Connect, Episode
from tests.support.calls import (
    copy_level,
    copy_levels_before,
    duplicate,
    open_duplication,
    rows_done,
    set_batch_rows,
    status,
    value,
)
from tests.support.faults import Gate
from tests.support.moments import MOMENTS, prepare
from tests.support.waiting import Background


@pytest.fixture
def db(emptied: psycopg.Connection) -> psycopg.Connection:
    return emptied


def cancel(conn: psycopg.Connection, duplication: int) -> str:
    """Cancel; a wait for any lock would be an error."""
    conn.execute("set lock_timeout = '1 s'")
    return str(value(conn, "select duplication.cancel(%s)", duplication))


def cancel_at(
    conn: psycopg.Connection, caller: psycopg.Connection, source: int, gate: Gate
) -> tuple[int, BaseException | None]:
    """Cancel the duplicate of a source while it is held at a gate; returns its id, and the error of who called."""
    with gate:
        copying = Background(duplicate, caller, source)
        gate.wait_for()
        duplication = value(conn, "select id from duplication.duplications")
        cancel(conn, duplication)
        gate.open()
        return duplication, copying.error()


def counts(conn: psycopg.Connection) -> list[int]:
    return [value(conn, f"select count(*) from {table.name}") for table in oracle.EPISODE]


def test_the_batch_in_flight_is_finished_and_no_other_is_begun(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    source = episode(parts=1, items=5, blocks=4)
    set_batch_rows(db, 4)
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "blocks")
    second_item = value(db, "select id from public.blocks order by id offset 5 limit 1")
    with Gate(db.info.dsn, "public.blocks", "orig_id", second_item) as gate:
        copying = Background(copy_level, connect(), duplication, "blocks")
        gate.wait_for()

        assert cancel(db, duplication) == "cancelled"

        assert not copying.over
        assert rows_done(db, duplication, "blocks") == 4
        gate.open()
        error = copying.error()

    assert isinstance(error, psycopg.Error)
    assert error.sqlstate == "UD007"
    assert error.diag.message_hint
    assert status(db, duplication) == "cancelled"
    assert rows_done(db, duplication, "blocks") == 8
    assert counts(db) == [2, 2, 10, 20 + 8]


@pytest.mark.parametrize("name", ["inside a step of planning", "inside the root's batch", "inside a batch of parts"])
def test_a_running_duplicate_ends_with_what_it_was_doing(db: psycopg.Connection, connect: Connect, name: str) -> None:
    source = prepare(db)
    before = counts(db)
    duplication, error = cancel_at(db, connect(), source, MOMENTS[name].gate(db))

    assert isinstance(error, psycopg.Error)
    assert error.sqlstate == "UD007"
    written = {
        "inside a step of planning": [0, 0, 0, 0],
        "inside the root's batch": [1, 0, 0, 0],
        "inside a batch of parts": [1, 5, 0, 0],
    }
    assert [now - then for now, then in zip(counts(db), before, strict=True)] == written[name]
    assert status(db, duplication) == "cancelled"
    assert value(db, "select error from duplication.duplications") is None


def test_one_cancelled_in_its_first_step_never_starts(db: psycopg.Connection, connect: Connect) -> None:
    source = prepare(db)
    part = value(db, "select min(id) from public.parts")
    duplication, error = cancel_at(
        db, connect(), source, Gate(db.info.dsn, "_duplication.id_map", "orig_key", str(part))
    )

    assert isinstance(error, psycopg.Error)
    assert error.sqlstate == "UD007"
    assert status(db, duplication) == "cancelled"
    assert value(db, "select started_at from duplication.duplications") is None
    assert value(db, "select count(*) from _duplication.id_map") == 0


def test_a_duplication_cancelled_in_its_last_batch_is_not_completed(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    source = episode(parts=1, items=1, blocks=3)
    duplication, error = cancel_at(db, connect(), source, Gate(db.info.dsn, "public.blocks", "position", 2))

    assert status(db, duplication) == "cancelled"
    assert value(db, "select completed_at from duplication.duplications") is None
    assert value(db, "select count(*) from duplication.events where type = 'duplication.completed'") == 0
    assert isinstance(error, psycopg.Error), "duplicate says that it has completed"
    assert error.sqlstate == "UD007"


def test_one_that_has_not_started_is_cancelled_and_never_starts(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1)
    duplication = open_duplication(db, source)

    assert cancel(db, duplication) == "cancelled"

    with pytest.raises(psycopg.Error) as caught:
        copy_level(db, duplication, "episodes")
    assert caught.value.sqlstate == "UD007"
    assert counts(db)[0] == 1
    assert value(db, "select started_at from duplication.duplications") is None


def test_a_cancelled_one_is_not_dispatched(db: psycopg.Connection, episode: Episode) -> None:
    duplication = value(db, "select duplication.request_duplication('episode', %s)", str(episode(parts=1)))

    cancel(db, duplication)

    assert db.execute("select * from _duplication.dispatch_jobs()").fetchall() == []


def test_cancelling_twice_is_no_error(db: psycopg.Connection, episode: Episode) -> None:
    duplication = open_duplication(db, episode(parts=1))
    cancel(db, duplication)
    first = value(db, "select cancelled_at from duplication.duplications")

    assert cancel(db, duplication) == "cancelled"

    assert value(db, "select cancelled_at from duplication.duplications") == first


def test_a_cancel_that_is_rolled_back_is_none(db: psycopg.Connection, connect: Connect, episode: Episode) -> None:
    """Nobody has to wait for the transaction that cancels, either."""
    source = episode(parts=1)
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "parts")
    application = connect()
    with application.transaction(force_rollback=True):
        cancel(application, duplication)

        assert copy_level(db, duplication, "parts") == (True, "items")

    assert status(db, duplication) == "in_progress"


def test_a_new_copy_is_begun_after_a_cancel(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1)
    cancelled = open_duplication(db, source)
    copy_levels_before(db, cancelled, "parts")
    cancel(db, cancelled)

    copy = duplicate(db, source)

    oracle.assert_isomorphic(db, copy, source)
    assert status(db, cancelled) == "cancelled"

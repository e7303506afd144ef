"""Discard while somebody is still copying, while it is killed, and while rows are locked."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Connect
from tests.support.calls import duplicate, finish, open_duplication, status, value
from tests.support.discards import assert_discarded, copied, discard
from tests.support.faults import Client, Gate, duplication_lock, kill_backend, waiting_for_advisory_lock
from tests.support.moments import MOMENTS
from tests.support.waiting import Background, eventually


@pytest.fixture
def db(emptied: psycopg.Connection) -> psycopg.Connection:
    return emptied


def hold(conn: psycopg.Connection, table: str) -> None:
    """Lock the row that was copied last, so that whoever deletes it has to wait, when others are gone before.

    The engine's patience with locks is made longer than any test.
    """
    with psycopg.connect(conn.info.dsn) as other:
        other.execute("update duplication.settings set lock_timeout = '10 min'")
    conn.execute(f"select from {table} where orig_id is not null order by id desc limit 1 for key share")


def waiting(conn: psycopg.Connection, query: str) -> int | None:
    """The backend that waits for a lock in a statement that begins like this."""
    row = conn.execute(
        "select pid from pg_stat_activity where wait_event_type = 'Lock' and starts_with(query, %s)", (query,)
    ).fetchone()
    return None if row is None else int(row[0])


def waiting_in_discard(conn: psycopg.Connection) -> int | None:
    return waiting(conn, "call duplication.discard")


@pytest.mark.parametrize("name", MOMENTS)
def test_a_worker_in_the_middle_of_something_is_waited_for(
    db: psycopg.Connection, connect: Connect, source: int, name: str
) -> None:
    """The batch in flight may still write: it ends first, and then its rows are removed as well."""
    before = oracle.source_fingerprint(db, source)
    with MOMENTS[name].gate(db) as gate:
        copying = Background(duplicate, connect(), source)
        gate.wait_for()
        duplication = value(db, "select id from duplication.duplications")
        db.execute("select duplication.cancel(%s)", (duplication,))
        discarding = Background(discard, connect(), duplication)
        key = duplication_lock(db.info.dsn, duplication)
        eventually(lambda: waiting_for_advisory_lock(db, key), "discard waits for the batch")
        assert status(db, duplication) == "discarding"
        gate.open()
        discarding.result()
        error = copying.error()

    assert isinstance(error, psycopg.Error)
    assert error.sqlstate == "UD007"
    assert_discarded(db, duplication, source, before)


def test_a_retry_that_comes_while_discard_still_looks_is_too_late(
    db: psycopg.Connection, connect: Connect, source: int
) -> None:
    """Discard has found that it may; nothing may change that before it has said that it does."""
    before = oracle.source_fingerprint(db, source)
    last = value(db, "select max(id) from public.blocks")
    db.execute(f"alter table public.blocks add constraint refused check (orig_id <> {last})")
    duplication = open_duplication(db, source)
    with pytest.raises(psycopg.errors.CheckViolation):
        finish(db, duplication)
    elsewhere = connect()
    with elsewhere.transaction(force_rollback=True):
        elsewhere.execute("lock table public.blocks in access exclusive mode")
        discarding = Background(discard, connect(), duplication)
        eventually(lambda: waiting_in_discard(db), "discard looks at the blocks")
        retrying = Background(connect().execute, "select duplication.retry(%s)", (duplication,))
        eventually(lambda: retrying.over or waiting(db, "select duplication.retry"), "the retry waits")
    discarding.result()
    error = retrying.error()

    assert isinstance(error, psycopg.Error)
    assert error.sqlstate == "UD007"
    assert_discarded(db, duplication, source, before)


@pytest.mark.parametrize("table", ["public.blocks", "public.items", "public.episodes"])
def test_a_killed_backend_leaves_the_rest_to_the_next_call(
    db: psycopg.Connection,
    connect: Connect,
    source: int,
    copy: tuple[int, oracle.Fingerprint],
    table: str,
) -> None:
    duplication, before = copy
    everything = copied(db)
    elsewhere = connect()
    with elsewhere.transaction(force_rollback=True):
        hold(elsewhere, table)
        Background(discard, connect(), duplication)
        kill_backend(db, eventually(lambda: waiting_in_discard(db), "discard in the middle of a batch"))
        assert status(db, duplication) == "discarding"
        assert 0 < copied(db) < everything

    discard(db, duplication)

    assert_discarded(db, duplication, source, before)


def test_a_killed_client_changes_nothing(
    db: psycopg.Connection,
    connect: Connect,
    source: int,
    copy: tuple[int, oracle.Fingerprint],
    pg_server: SimpleNamespace,
) -> None:
    """Its backend goes on, and whoever calls meanwhile waits for its turn."""
    duplication, before = copy
    bindir: Path = pg_server.bindir
    elsewhere = connect()
    with elsewhere.transaction(force_rollback=True):
        hold(elsewhere, "public.blocks")
        with Client(bindir, db.info.dsn, f"call duplication.discard({duplication})") as client:
            eventually(lambda: waiting_in_discard(db), "discard in the middle of a batch")
            client.kill()
        second = Background(discard, connect(), duplication)
        eventually(lambda: waiting_for_advisory_lock(db, duplication_lock(db.info.dsn, duplication)), "its turn")
    second.result()

    assert_discarded(db, duplication, source, before)


def test_a_lock_that_lasts_is_given_up_and_the_next_call_goes_on(
    db: psycopg.Connection, connect: Connect, source: int, copy: tuple[int, oracle.Fingerprint]
) -> None:
    """So that nobody has to queue behind a discard that itself has to wait."""
    duplication, before = copy
    elsewhere = connect()
    with elsewhere.transaction(force_rollback=True):
        hold(elsewhere, "public.blocks")
        db.execute("update duplication.settings set lock_timeout = '10 ms'")

        with pytest.raises(psycopg.errors.LockNotAvailable):
            discard(db, duplication)
    assert status(db, duplication) == "discarding"

    discard(db, duplication)

    assert_discarded(db, duplication, source, before)


def test_two_sessions_that_discard_end_with_nothing_left(
    db: psycopg.Connection, connect: Connect, source: int, copy: tuple[int, oracle.Fingerprint]
) -> None:
    duplication, before = copy

    for call in [Background(discard, connect(), duplication) for _ in range(3)]:
        call.result()

    assert_discarded(db, duplication, source, before)


def test_a_backend_killed_before_the_status_is_committed_has_done_nothing(
    db: psycopg.Connection, connect: Connect, source: int, copy: tuple[int, oracle.Fingerprint]
) -> None:
    duplication, before = copy
    everything = copied(db)
    with Gate(db.info.dsn, "duplication.duplications", "status", "discarding", event="after update") as gate:
        Background(discard, connect(), duplication)
        (pid,) = gate.wait_for()
        kill_backend(db, pid)
    assert (status(db, duplication), copied(db)) == ("completed", everything)

    discard(db, duplication)

    assert_discarded(db, duplication, source, before)

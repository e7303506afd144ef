"""Errors that pass: three tries in place, then the duplication stays in progress and can be continued."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Connect, Episode
from tests.support.calls import (
    copy_level,
    copy_levels_before,
    finish,
    next_level,
    open_duplication,
    rows_done,
    set_batch_rows,
    status,
    value,
)
from tests.support.faults import Gate
from tests.support.waiting import Background, eventually

IN_THE_WAY = {
    "serialization failure": "40001",
    "deadlock": "40P01",
    "lock timeout": "55P03",
    "an upgrade that replaced a routine": "42883",
}


@pytest.fixture
def db(emptied: psycopg.Connection) -> psycopg.Connection:
    return emptied


def fail_times(conn: psycopg.Connection, sqlstate: str, times: int, when: str = "after") -> None:
    """Let the first insertions of blocks end with an error; a sequence counts them, since it is not rolled back."""
    conn.execute(f"""
        create sequence if not exists public.tries;
        create or replace function public.fail_sometimes() returns trigger language plpgsql as $$
        begin
            if nextval('public.tries') <= {times} then
                raise exception using errcode = '{sqlstate}', message = 'not now';
            end if;
            return null;
        end
        $$;
        create or replace trigger fail_sometimes {when} insert on public.blocks
        for each statement execute function public.fail_sometimes();
    """)


def tries(conn: psycopg.Connection) -> int:
    return int(value(conn, "select last_value from public.tries"))


@pytest.fixture
def before_blocks(db: psycopg.Connection, episode: Episode) -> tuple[int, int]:
    """A source of 3 x 4 blocks, and a duplication of it of which only the blocks are left; they fit one batch."""
    source = episode(parts=1, items=3, blocks=4)
    set_batch_rows(db, 4)
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "blocks")
    set_batch_rows(db, 5000)
    return source, duplication


@pytest.mark.parametrize("sqlstate", IN_THE_WAY.values(), ids=IN_THE_WAY.keys())
def test_a_batch_in_the_way_of_another_transaction_is_tried_three_times(
    db: psycopg.Connection, before_blocks: tuple[int, int], sqlstate: str
) -> None:
    source, duplication = before_blocks
    fail_times(db, sqlstate, 2)

    assert copy_level(db, duplication, "blocks") == (True, None)

    assert tries(db) == 3
    oracle.assert_isomorphic(db, finish(db, duplication), source)


def test_after_three_tries_the_error_is_raised_and_the_next_call_goes_on(
    db: psycopg.Connection, before_blocks: tuple[int, int]
) -> None:
    source, duplication = before_blocks
    fail_times(db, "40001", 3)

    with pytest.raises(psycopg.errors.SerializationFailure, match="not now") as caught:
        copy_level(db, duplication, "blocks")

    assert caught.value.diag.message_hint
    assert tries(db) == 3
    assert (status(db, duplication), next_level(db, duplication)) == ("in_progress", "blocks")
    assert value(db, "select count(*) from duplication.events where type = 'duplication.failed'") == 0
    oracle.assert_isomorphic(db, finish(db, duplication), source)


def test_an_error_of_the_server_is_raised_and_the_next_call_goes_on(
    db: psycopg.Connection, before_blocks: tuple[int, int]
) -> None:
    """A full disk, too many connections, a shutdown, an input/output error: not to be tried at once again."""
    source, duplication = before_blocks
    for number, sqlstate in enumerate(("53100", "53300", "57P01", "58030"), start=1):
        fail_times(db, sqlstate, number)

        with pytest.raises(psycopg.Error, match="not now") as caught:
            copy_level(db, duplication, "blocks")

        assert caught.value.sqlstate == sqlstate
        assert tries(db) == number
        assert status(db, duplication) == "in_progress"
    oracle.assert_isomorphic(db, finish(db, duplication), source)


def test_each_batch_has_three_tries_of_its_own(db: psycopg.Connection, before_blocks: tuple[int, int]) -> None:
    source, duplication = before_blocks
    set_batch_rows(db, 4)
    fail_times(db, "40001", 2)
    db.execute("alter sequence public.tries maxvalue 3 cycle")  # each batch fails twice

    assert copy_level(db, duplication, "blocks") == (True, None)

    oracle.assert_isomorphic(db, finish(db, duplication), source)


def test_the_victim_of_a_deadlock_tries_again(
    db: psycopg.Connection, connect: Connect, before_blocks: tuple[int, int]
) -> None:
    """A real one: the application holds the items, which the new blocks refer to, and wants the blocks."""
    source, duplication = before_blocks
    copier, application = connect(), connect()
    copier.execute("set deadlock_timeout = '10 ms'")  # the one who looks first is the victim
    application.execute("set deadlock_timeout = '10 min'")
    fail_times(db, "40P01", 0, when="before")
    last = value(db, "select max(id) from public.blocks")
    with Gate(db.info.dsn, "public.blocks", "orig_id", last, event="before insert") as gate:
        copying = Background(copy_level, copier, duplication, "blocks")
        gate.wait_for()
        with application.transaction():
            application.execute("lock table public.items in access exclusive mode")
            locking = Background(application.execute, "lock table public.blocks in access exclusive mode")
            wait_for_lock(db, application.info.backend_pid)
            gate.open()
            locking.result()
            assert not copying.over

        assert copying.result() == (True, None)

    assert tries(db) == 2
    oracle.assert_isomorphic(db, finish(db, duplication), source)


def wait_for_lock(conn: psycopg.Connection, pid: int) -> None:
    eventually(
        lambda: value(conn, "select count(*) from pg_locks where pid = %s and not granted", pid),
        f"backend {pid} waits for a lock",
    )


@pytest.mark.parametrize("table", ["items", "blocks"])
def test_a_lock_that_lasts_is_given_up_and_the_next_call_goes_on(
    db: psycopg.Connection, connect: Connect, before_blocks: tuple[int, int], table: str
) -> None:
    """On the table that is copied into, or on the one that its rows refer to."""
    source, duplication = before_blocks
    db.execute("update duplication.settings set lock_timeout = '10 ms'")
    application = connect()
    with application.transaction():
        application.execute(f"lock table public.{table} in access exclusive mode")

        with pytest.raises(psycopg.errors.LockNotAvailable) as caught:
            copy_level(db, duplication, "blocks")

    assert caught.value.diag.message_hint
    assert (status(db, duplication), rows_done(db, duplication, "blocks")) == ("in_progress", 0)
    oracle.assert_isomorphic(db, finish(db, duplication), source)


@pytest.mark.parametrize(("is_started", "afterwards"), [(False, "pending"), (True, "in_progress")])
def test_a_lock_met_before_the_first_batch_leaves_it_to_the_next_call(
    db: psycopg.Connection, connect: Connect, episode: Episode, is_started: bool, afterwards: str
) -> None:
    source = episode()
    db.execute("update duplication.settings set lock_timeout = '10 ms'")
    duplication = open_duplication(db, source)
    if is_started:
        db.execute("call duplication.duplicate_level(%s, 'episodes', '0 s')", (duplication,))
    application = connect()
    with application.transaction():
        application.execute("lock table public.items in access exclusive mode")

        with pytest.raises(psycopg.errors.LockNotAvailable):
            copy_level(db, duplication, "episodes")

    assert status(db, duplication) == afterwards
    oracle.assert_isomorphic(db, finish(db, duplication), source)


def test_a_statement_timeout_leaves_whole_batches_to_go_on_from(
    db: psycopg.Connection, connect: Connect, before_blocks: tuple[int, int]
) -> None:
    """It covers the whole call, and nothing inside can catch it."""
    source, duplication = before_blocks
    set_batch_rows(db, 4)
    second_item = value(db, "select id from public.blocks order by id offset 5 limit 1")
    impatient = connect()
    with Gate(db.info.dsn, "public.blocks", "orig_id", second_item) as gate:
        copying = Background(copy_level, impatient, duplication, "blocks")
        (pid,) = gate.wait_for()
        db.execute("select pg_cancel_backend(%s)", (pid,))
        error = copying.error()

    assert isinstance(error, psycopg.errors.QueryCanceled)
    assert (status(db, duplication), rows_done(db, duplication, "blocks")) == ("in_progress", 4)
    oracle.assert_isomorphic(db, finish(db, duplication), source)

"""Every piece is copied exactly once, whoever is killed, and whenever."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Connect
from tests.support.calls import duplicate, finish, open_duplication, status, value
from tests.support.faults import Client, kill_backend, wait_until_idle
from tests.support.moments import MOMENTS, Moment, prepare, stopped
from tests.support.server import CrashServer
from tests.support.waiting import Background

at_every_moment = pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS.keys())


@pytest.fixture
def client(db: psycopg.Connection, pg_server: SimpleNamespace) -> Callable[..., Client]:
    """Starts a psql on the test's database."""
    bindir: Path = pg_server.bindir
    return partial(Client, bindir, db.info.dsn)


KILL_CLIENTS = """
select count(*) filter (where pg_terminate_backend(pid, 10000)) from pg_stat_activity
where datname = current_database() and application_name = 'psql'
"""


def assert_copied_exactly_once(conn: psycopg.Connection, duplication: int, source: int, copy: str) -> None:
    """The copy is the source, is the row-by-row copy, is all that was written, and the record says so."""
    oracle.assert_isomorphic(conn, copy, source)
    oracle.assert_no_other_rows(conn, [source, copy])
    oracle.assert_equal_copies(conn, copy, oracle.replicate(conn, source))
    record = conn.execute(
        """
        select p.rows_planned, p.rows_done, p.rows_copied,
            (select coalesce(sum(b.rows), 0) from _duplication.batches b
                where b.duplication_id = p.duplication_id and b.level = p.level)
        from duplication.progress p where p.duplication_id = %s order by p.ordinal
        """,
        (duplication,),
    ).fetchall()
    assert record == [(len(level),) * 4 for level in oracle.content(conn, source)]


@at_every_moment
def test_a_killed_backend_leaves_whole_batches_and_the_next_call_goes_on(
    db: psycopg.Connection, client: Callable[..., Client], moment: Moment
) -> None:
    with stopped(db, moment, client) as victim:
        before = oracle.source_fingerprint(db, victim.source)
        kill_backend(db, victim.backend)

    copy = duplicate(db, victim.source)

    assert value(db, "select array_agg(id) from duplication.duplications") == [victim.duplication]
    assert oracle.source_fingerprint(db, victim.source) == before
    assert_copied_exactly_once(db, victim.duplication, victim.source, copy)


@at_every_moment
def test_a_killed_client_whose_backend_is_told_is_a_killed_backend(
    db: psycopg.Connection, client: Callable[..., Client], moment: Moment
) -> None:
    with stopped(db, moment, partial(client, options="-c client_connection_check_interval=20ms")) as victim:
        victim.client.kill()
        wait_until_idle(db, [victim.backend])

    copy = duplicate(db, victim.source)

    assert_copied_exactly_once(db, victim.duplication, victim.source, copy)


@at_every_moment
def test_a_backend_that_outlives_its_client_shares_the_work(
    db: psycopg.Connection, connect: Connect, client: Callable[..., Client], moment: Moment
) -> None:
    with stopped(db, moment, client) as victim:
        victim.client.kill()
        resumed = Background(finish, connect(), victim.duplication)
        victim.let_go()
        copy = resumed.result()
        wait_until_idle(db, [victim.backend])

    assert_copied_exactly_once(db, victim.duplication, victim.source, copy)


def test_a_backend_killed_while_it_plans_leaves_no_part_of_a_plan(
    db: psycopg.Connection, client: Callable[..., Client]
) -> None:
    source = prepare(db)
    db.execute("update duplication.settings set target_batch_ms = 600000")
    with stopped(db, MOMENTS["inside a step of planning"], client, source) as victim:
        kill_backend(db, victim.backend)
    assert value(db, "select count(*) from _duplication.id_map") == 0

    copy = duplicate(db, source)

    assert_copied_exactly_once(db, victim.duplication, source, copy)


def test_one_killed_again_and_again_still_copies_everything_once(
    db: psycopg.Connection, client: Callable[..., Client]
) -> None:
    source = prepare(db)
    for moment in MOMENTS.values():
        with stopped(db, moment, client, source) as victim:
            kill_backend(db, victim.backend)

    copy = duplicate(db, source)

    (duplication,) = value(db, "select array_agg(id) from duplication.duplications")
    assert_copied_exactly_once(db, duplication, source, copy)


def test_one_killed_whenever_a_batch_is_seen_still_copies_everything_once(
    db: psycopg.Connection, client: Callable[..., Client]
) -> None:
    """At each kill the backend is wherever it is just after its commit, or further: nobody holds it there."""
    source = prepare(db)
    duplication = open_duplication(db, source)
    kills, seen = 0, 0
    while status(db, duplication) != "completed":
        with client(f"call duplication.duplicate('episode', '{source}')") as victim:
            while victim.process.poll() is None:
                if (batches := value(db, "select count(*) from _duplication.batches")) > seen:
                    seen = batches
                    kills += value(db, KILL_CLIENTS)

    assert kills > 3
    copy = value(db, "select new_root_key from duplication.duplications where id = %s", duplication)
    assert_copied_exactly_once(db, duplication, source, copy)


@at_every_moment
def test_a_server_stopped_at_once_loses_no_batch_and_repeats_none(crash_server: CrashServer, moment: Moment) -> None:
    dsn = crash_server.new_database()
    start = partial(Client, crash_server.server.bindir, dsn)
    with psycopg.connect(dsn, autocommit=True) as conn, stopped(conn, moment, start) as victim:
        before = oracle.source_fingerprint(conn, victim.source)
        crash_server.crash()
    crash_server.start()

    with psycopg.connect(dsn, autocommit=True) as conn:
        copy = duplicate(conn, victim.source)

        assert oracle.source_fingerprint(conn, victim.source) == before
        assert_copied_exactly_once(conn, victim.duplication, victim.source, copy)

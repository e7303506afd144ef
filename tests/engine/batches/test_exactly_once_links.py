"""Backfills, levels below themselves and unlinking are done exactly once as well, whoever is killed, and whenever."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from tests.support.aliases import Connect
from tests.support.calls import (
    copy_level,
    copy_levels_before,
    duplicate,
    finish,
    open_duplication,
    rows_done,
    status,
    value,
)
from tests.support.faults import Client, Gate, kill_backend, wait_until_idle
from tests.support.graph import Snapshot, assert_unchanged, snapshot
from tests.support.linked import (
    DESCENDING,
    EXAM,
    LIBRARY,
    RELINKING,
    ROOT,
    UNLINKING,
    Moment,
    Source,
    assert_copied_exactly_once,
    assert_discarded,
    copy_statement,
    prepare,
    stopped,
)
from tests.support.server import CrashServer
from tests.support.waiting import Background

COPYING = RELINKING | DESCENDING


def at(moments: dict[str, Moment], *, only: str = "") -> pytest.MarkDecorator:
    """At these moments, or some of them where what is tried takes long."""
    chosen = {name: moment for name, moment in moments.items() if only in name}
    return pytest.mark.parametrize("moment", chosen.values(), ids=chosen.keys())


@pytest.fixture
def client(db: psycopg.Connection, pg_server: SimpleNamespace) -> Callable[..., Client]:
    """Starts a psql on the test's database."""
    bindir: Path = pg_server.bindir
    return partial(Client, bindir, db.info.dsn)


def assert_whole(conn: psycopg.Connection, source: Source, duplication: int, before: Snapshot) -> None:
    """Copied once, and gone without a trace when it is discarded."""
    assert_copied_exactly_once(conn, source, duplication, before)
    assert_discarded(conn, source, duplication, before)


@at(COPYING)
def test_the_call_after_a_killed_backend_goes_on(
    db: psycopg.Connection, client: Callable[..., Client], moment: Moment
) -> None:
    source = moment.source
    before = prepare(db, source)
    with stopped(db, moment, client, copy_statement(source)) as victim:
        kill_backend(db, victim.backend)
    assert_unchanged(before, snapshot(db, source.graph))

    duplicate(db, ROOT, source.tree)

    assert_whole(db, source, victim.duplication, before)


@at(COPYING, only="inside a later batch")
def test_a_killed_client_whose_backend_is_told_is_a_killed_backend(
    db: psycopg.Connection, client: Callable[..., Client], moment: Moment
) -> None:
    source = moment.source
    before = prepare(db, source)
    told = partial(client, options="-c client_connection_check_interval=20ms")
    with stopped(db, moment, told, copy_statement(source)) as victim:
        victim.client.kill()
        wait_until_idle(db, [victim.backend])

    duplicate(db, ROOT, source.tree)

    assert_whole(db, source, victim.duplication, before)


@at(COPYING, only="between two batches")
def test_a_backend_that_outlives_its_client_shares_the_work(
    db: psycopg.Connection, connect: Connect, client: Callable[..., Client], moment: Moment
) -> None:
    source = moment.source
    before = prepare(db, source)
    with stopped(db, moment, client, copy_statement(source)) as victim:
        victim.client.kill()
        resumed = Background(finish, connect(), victim.duplication)
        victim.let_go()
        resumed.result()
        wait_until_idle(db, [victim.backend])

    assert_whole(db, source, victim.duplication, before)


@at(COPYING, only="between")
def test_a_server_stopped_at_once_loses_no_batch_and_repeats_none(crash_server: CrashServer, moment: Moment) -> None:
    source = moment.source
    dsn = crash_server.new_database()
    start = partial(Client, crash_server.server.bindir, dsn)
    with psycopg.connect(dsn, autocommit=True) as conn:
        before = prepare(conn, source)
        with stopped(conn, moment, start, copy_statement(source)) as victim:
            crash_server.crash()
    crash_server.start()

    with psycopg.connect(dsn, autocommit=True) as conn:
        duplicate(conn, ROOT, source.tree)

        assert_whole(conn, source, victim.duplication, before)


@pytest.mark.parametrize(("source", "moments"), [(EXAM, RELINKING), (LIBRARY, DESCENDING)], ids=["exam", "library"])
def test_one_killed_again_and_again_still_copies_everything_once(
    db: psycopg.Connection, client: Callable[..., Client], source: Source, moments: dict[str, Moment]
) -> None:
    before = prepare(db, source)
    for moment in moments.values():
        with stopped(db, moment, client, copy_statement(source)) as victim:
            kill_backend(db, victim.backend)

    duplicate(db, ROOT, source.tree)

    (duplication,) = value(db, "select array_agg(id) from duplication.duplications")
    assert_whole(db, source, duplication, before)


REFUSE = """
create function public.refuse() returns trigger language plpgsql
as $$ begin raise exception 'not this one' using errcode = 'check_violation'; end $$;
create trigger refuse before update on public.questions for each row when (new.mark = 'q21')
execute function public.refuse();
"""


def test_a_backfill_that_failed_goes_on_with_the_failed_batch(db: psycopg.Connection) -> None:
    before = prepare(db, EXAM)
    duplication = open_duplication(db, ROOT, EXAM.tree)
    db.execute(REFUSE)
    with pytest.raises(psycopg.errors.CheckViolation):
        duplicate(db, ROOT, EXAM.tree)
    assert status(db, duplication) == "failed"
    done = rows_done(db, duplication, "backfill questions")
    assert 0 < done < rows_done(db, duplication, "questions")
    level = value(db, "select error ->> 'level' from duplication.duplications where id = %s", duplication)
    assert level == "backfill questions"

    db.execute("drop trigger refuse on public.questions")
    db.execute("select duplication.retry(%s)", (duplication,))
    finish(db, duplication)

    assert_whole(db, EXAM, duplication, before)


@pytest.mark.parametrize("how", ["failed", "cancelled"])
def test_half_a_backfill_is_discarded_without_a_trace(db: psycopg.Connection, how: str) -> None:
    before = prepare(db, EXAM)
    duplication = open_duplication(db, ROOT, EXAM.tree)
    if how == "failed":
        db.execute(REFUSE)
        with pytest.raises(psycopg.errors.CheckViolation):
            finish(db, duplication)
        db.execute("drop trigger refuse on public.questions")
    else:
        copy_levels_before(db, duplication, "backfill questions")
        copy_level(db, duplication, "backfill questions", budget="0")
        copy_level(db, duplication, "backfill questions", budget="0")
        db.execute("select duplication.cancel(%s)", (duplication,))
    assert 0 < rows_done(db, duplication, "backfill questions") < rows_done(db, duplication, "questions")

    assert_discarded(db, EXAM, duplication, before)


def copied(conn: psycopg.Connection) -> tuple[int, Snapshot]:
    """A finished copy of the exam, and the tables as they were before."""
    before = prepare(conn, EXAM)
    duplicate(conn, ROOT, EXAM.tree)
    return int(value(conn, "select max(id) from duplication.duplications")), before


UNANSWERED = {"q1", "q9", "q19", "q29", "q39"}


def assert_half_unlinked(conn: psycopg.Connection, before: Snapshot) -> None:
    """No row is gone, and deferred columns are null in some."""
    after = snapshot(conn, EXAM.graph)
    assert_unchanged(before, after)
    new = [row for row in after["questions"] if row not in set(before["questions"])]
    assert len(new) == 30
    assert sum(row["answer_id"] is None for row in new) > sum(row["mark"] in UNANSWERED for row in new)


@at(UNLINKING)
def test_unlinking_goes_on_after_a_killed_backend(
    db: psycopg.Connection, client: Callable[..., Client], moment: Moment
) -> None:
    duplication, before = copied(db)
    with stopped(db, moment, client, f"call duplication.discard({duplication})") as victim:
        kill_backend(db, victim.backend)
    assert status(db, duplication) == "discarding"
    assert_half_unlinked(db, before)

    assert_discarded(db, EXAM, duplication, before)


@at(UNLINKING)
def test_unlinking_goes_on_after_a_killed_client(
    db: psycopg.Connection, connect: Connect, client: Callable[..., Client], moment: Moment
) -> None:
    """Its backend goes on, and whoever discards as well waits for its turn."""
    duplication, before = copied(db)
    with stopped(db, moment, client, f"call duplication.discard({duplication})") as victim:
        victim.client.kill()
        second = Background(assert_discarded, connect(), EXAM, duplication, before)
        victim.let_go()
        second.result()
        wait_until_idle(db, [victim.backend])

    assert_discarded(db, EXAM, duplication, before)


@at(UNLINKING, only="between")
def test_unlinking_goes_on_after_a_crash(crash_server: CrashServer, moment: Moment) -> None:
    dsn = crash_server.new_database()
    start = partial(Client, crash_server.server.bindir, dsn)
    with psycopg.connect(dsn, autocommit=True) as conn:
        duplication, before = copied(conn)
        with stopped(conn, moment, start, f"call duplication.discard({duplication})"):
            crash_server.crash()
    crash_server.start()

    with psycopg.connect(dsn, autocommit=True) as conn:
        assert_half_unlinked(conn, before)
        assert_discarded(conn, EXAM, duplication, before)


@pytest.mark.parametrize(
    ("source", "level", "first", "other"),
    [
        (EXAM, "backfill questions", "q2", "q21"),
        (LIBRARY, "folders", "f2", "f39"),
    ],
    ids=["a backfill", "a level below itself"],
)
def test_two_sessions_meet_inside_a_level_and_both_write(
    db: psycopg.Connection, connect: Connect, source: Source, level: str, first: str, other: str
) -> None:
    """Both are in the middle of a batch at the same time: neither waits for the other."""
    before = prepare(db, source)
    duplication = open_duplication(db, ROOT, source.tree)
    if level == "folders":
        # everything that comes before is planning
        copy_level(db, duplication, level, budget="0")
        while value(db, "select planned_at is null from _duplication.level_runs where level = 'folders'"):
            copy_level(db, duplication, level, budget="0")
    copy_levels_before(db, duplication, level)
    table, event = ("public.questions", "after update") if source is EXAM else ("public.folders", "after insert")
    with (
        Gate(db.info.dsn, table, "mark", first, event) as one,
        Gate(db.info.dsn, table, "mark", other, event) as another,
    ):
        calls = [Background(copy_level, connect(), duplication, level) for _ in range(2)]
        (at_one,) = one.wait_for()
        (at_another,) = another.wait_for()
        assert at_one != at_another
        assert not any(call.over for call in calls)
        one.open()
        another.open()
        assert {call.result()[0] for call in calls} == {True}

    workers = value(
        db,
        "select array_agg(distinct backend_pid) from _duplication.batches where duplication_id = %s and level = %s",
        duplication,
        level,
    )
    assert sorted(workers) == sorted([at_one, at_another])
    finish(db, duplication)
    assert_whole(db, source, duplication, before)


@pytest.mark.parametrize("source", [EXAM, LIBRARY], ids=["exam", "library"])
def test_many_sessions_do_everything_once(db: psycopg.Connection, connect: Connect, source: Source) -> None:
    before = prepare(db, source)
    duplication = open_duplication(db, ROOT, source.tree)

    calls = [Background(finish, connect(), duplication) for _ in range(4)]
    assert len({call.result() for call in calls}) == 1

    assert_whole(db, source, duplication, before)

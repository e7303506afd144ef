"""A purge takes batches of any size, and each costs the same."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.support.aliases import NewDatabase
from tests.support.calls import duplicate, finish, open_duplication, set_batch_rows, value
from tests.support.content import make_episode
from tests.support.growth import Bill, Kind, fill, growth
from tests.support.purges import figures, is_purged, make_older, purge, purge_after, rows_of_plan
from tests.support.statistics import measure


@pytest.fixture
def db(emptied: psycopg.Connection) -> psycopg.Connection:
    return emptied


def test_batches_of_any_size_leave_nothing(db: psycopg.Connection, source: int) -> None:
    """Levels end within a batch, at its end, or take several."""
    for batch_rows in (1, 2, 5, 9, 1000):
        duplication = open_duplication(db, source)
        finish(db, duplication)
        make_older(db, duplication)
        purge_after(db)
        before = figures(db, duplication)
        set_batch_rows(db, batch_rows)

        assert purge(db) is True

        assert (rows_of_plan(db, duplication), is_purged(db, duplication)) == (0, True)
        assert figures(db, duplication) == before


@contextlib.contextmanager
def old_snapshot(conn: psycopg.Connection) -> Iterator[None]:
    """A transaction elsewhere, before whose end nothing that is deleted can be cleaned away."""
    with psycopg.connect(conn.info.dsn) as elsewhere:
        elsewhere.execute("set transaction isolation level repeatable read")
        elsewhere.execute("select count(*) from public.episodes")
        yield


def fill_one(conn: psycopg.Connection, times: int) -> int:
    """One large duplication; returns how many batches its plan makes."""
    duplication = open_duplication(conn, fill(conn, Kind(items=300, blocks=1).times(times)))
    set_batch_rows(conn, 15)
    finish(conn, duplication)
    make_older(conn, duplication)
    return int(value(conn, "select count(*) from _duplication.id_map")) // 15


def fill_many(conn: psycopg.Connection, times: int) -> int:
    """Small ones, each less than a batch, so many that all indexes are two pages high; returns how many."""
    fill(conn, Kind(items=0, blocks=0, parts=1))  # so that the tree's own tables are no smaller than others
    for _ in range(50 * times):
        duplicate(conn, make_episode(conn, shape=[[1]]))
        make_older(conn, value(conn, "select max(id) from duplication.duplications"))
    return 50 * times


def fill_events(conn: psycopg.Connection, times: int) -> int:
    """Many events; returns how many batches they make."""
    duplication = open_duplication(conn, fill(conn, Kind(items=0, blocks=0, parts=1)))
    conn.execute(
        """
        insert into duplication.events (duplication_id, type, payload)
        select %s, 'duplication.feedback', '{}' from generate_series(1, %s)
        """,
        (duplication, 450 * times),
    )
    set_batch_rows(conn, 15)
    make_older(conn, duplication)
    return 30 * times


WIDE = {"one large duplication": fill_one, "many small ones": fill_many, "events": fill_events}


@pytest.mark.parametrize("make", WIDE.values(), ids=WIDE.keys())
def test_cost_is_linear_while_a_transaction_elsewhere_keeps_its_snapshot(
    new_database: NewDatabase, make: Callable[[psycopg.Connection, int], int]
) -> None:
    """What is deleted stays where it was then, and is not passed over by each batch."""

    def one(times: int) -> Bill:
        conn = new_database()
        batches = make(conn, times)
        purge_after(conn, "1 day", "1 day" if make is fill_events else None)
        with old_snapshot(conn):
            bill = Bill(batches, {"purge": measure(conn, lambda: purge(conn))})
        assert purge(conn) is True
        return bill

    assert growth(one(1), one(4)) == []

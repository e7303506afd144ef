"""Advisory locks: what has different names does not wait for each other, whatever it is called."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from tests.support.calls import finish, open_duplication, status, value
from tests.support.graph import Level, register

NAMES = [
    ("duplication", "7"),
    ("start", "7"),
    ("start", "7", ""),
    ("root", "start", "7"),
    ("root", "start:7", ""),
    ("root", "start", "7,"),
    ("root", "", "start:7"),
    ("root", "dispatch", ""),
    ("root", "ends\\", "7"),
    ("root", "NULL", "7"),
    ("dispatch",),
    ("attempts",),
    ("purge",),
    ("dispatch", ""),
]


def test_no_two_names_have_one_key(db: psycopg.Connection) -> None:
    keys = [value(db, f"select _duplication.lock_key({', '.join(['%s'] * len(names))})", *names) for names in NAMES]
    assert len(set(keys)) == len(NAMES)
    migrate = value(db, "select hashtextextended('duplication:migrate', 0)")
    assert migrate not in keys


def test_the_key_is_computed_where_it_is_asked_for(db: psycopg.Connection) -> None:
    """The planner inlines the function: each step of a copy takes the lock."""
    plan = db.execute(
        "explain (verbose) select _duplication.lock_key('duplication', n::text) from generate_series(1, 2) n"
    )
    assert not [line for (line,) in plan if "lock_key" in line]


@pytest.mark.parametrize("tree", ["start", "dispatch", "root", "duplication"])
def test_a_tree_may_be_called_as_a_lock_is(
    db: psycopg.Connection, connect: Callable[[], psycopg.Connection], tree: str
) -> None:
    """Somebody opens a copy of its row 7, and does not commit: the duplication 7 goes on."""
    db.execute("create table public.things (id bigint primary key); insert into public.things values (2)")
    register(db, tree, [Level("things", "public.things", new_key="nextval('duplication.duplications_id_seq') + 100")])
    waiting = value(db, "select duplication.request_duplication(%s, '2')", tree)
    db.execute("insert into public.things values (%s)", (waiting,))
    other = connect()
    with other.transaction():
        assert open_duplication(other, waiting, tree) != waiting
        finish(db, waiting)
    assert status(db, waiting) == "completed"

"""Discard is refused while rows from outside point at the copy: it neither cascades into them nor breaks off."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Connect, Episode
from tests.support.calls import finish, open_duplication, set_batch_rows, status, value, verify
from tests.support.content import make_episode
from tests.support.discards import discard
from tests.support.graph import Edge, Level, register
from tests.support.snapshots import contents, refused
from tests.support.waiting import Background, eventually

LEVELS = ["episodes", "parts", "items", "blocks"]


@pytest.fixture
def db(emptied: psycopg.Connection) -> psycopg.Connection:
    return emptied


@pytest.fixture
def duplication(db: psycopg.Connection, episode: Episode) -> int:
    """A finished duplication of 2 parts x 3 items x 4 blocks, in batches of 4; one item has 9 and was split."""
    source = episode(shape=[[4, 4, 4], [4, 9, 4]])
    set_batch_rows(db, 4)
    made = open_duplication(db, source)
    finish(db, made)
    return made


def last_copy(conn: psycopg.Connection, table: str) -> int:
    return int(value(conn, f"select max(id) from public.{table} where orig_id is not null"))


@pytest.mark.parametrize(
    ("level", "action"),
    [*((level, "on delete cascade") for level in LEVELS), ("blocks", ""), ("blocks", "on delete set null")],
)
def test_a_row_of_another_table_stops_it(db: psycopg.Connection, level: str, action: str) -> None:
    """Bookmarks of an episode, comments on a block: by whatever the foreign key would do to them."""
    set_batch_rows(db, 4)
    made = open_duplication(db, make_episode(db, shape=[[4, 4], [9]]))
    finish(db, made)
    db.execute(f"""
        drop table if exists public.bookmarks;
        create table public.bookmarks (id text primary key, target bigint references public.{level} {action});
        create index on public.bookmarks (target);
    """)
    target = last_copy(db, level)
    db.execute("insert into public.bookmarks values ('mine', %s)", (target,))

    with refused(db, "UD013") as caught:
        discard(db, made)

    assert str(made) in str(caught.value)
    detail = caught.value.diag.message_detail or ""
    assert "bookmarks" in detail
    assert "mine" in detail
    assert str(target) in detail
    assert status(db, made) == "completed"

    db.execute("delete from public.bookmarks")
    discard(db, made)
    assert status(db, made) == "discarded"


NEW_ROWS = {
    "parts": "insert into public.parts (episode_id, title) values (%s, 'new')",
    "items": "insert into public.items (part_id, title) values (%s, 'new')",
    "blocks": "insert into public.blocks (item_id, title) values (%s, 'new')",
}


@pytest.mark.parametrize("level", NEW_ROWS)
def test_a_row_that_the_application_has_added_below_the_copy_stops_it(
    db: psycopg.Connection, duplication: int, level: str
) -> None:
    db.execute(NEW_ROWS[level], (last_copy(db, LEVELS[LEVELS.index(level) - 1]),))

    with refused(db, "UD013") as caught:
        discard(db, duplication)

    assert level in (caught.value.diag.message_detail or "")
    assert status(db, duplication) == "completed"
    db.execute(f"delete from public.{level} where title = 'new'")
    discard(db, duplication)
    assert status(db, duplication) == "discarded"


def test_a_block_that_the_application_has_moved_below_the_copy_stops_it(
    db: psycopg.Connection, duplication: int
) -> None:
    """It is an original, and would be lost."""
    db.execute(
        "update public.blocks set item_id = %s where id = (select min(id) from public.blocks)",
        (last_copy(db, "items"),),
    )

    with refused(db, "UD013"):
        discard(db, duplication)

    assert status(db, duplication) == "completed"


@pytest.mark.parametrize("batch_rows", [3, 5000])
def test_a_row_added_to_a_level_without_a_key_stops_it(db: psycopg.Connection, batch_rows: int) -> None:
    """It may be like the ones that were copied: only their number tells that there is one too many."""
    db.execute("""
        create table public.posts (id serial primary key, mark text);
        create table public.tags (post_id integer references public.posts, tag text);
        create index on public.tags (post_id);
        insert into public.posts (mark) values ('source'), ('other');
        insert into public.tags select 1, 't' from generate_series(1, 8);
    """)
    posts = Level("posts", "public.posts")
    register(db, "tagged", [posts, Level("tags", "public.tags", key=None, edges=[Edge("posts", "post_id")])])
    set_batch_rows(db, batch_rows)
    made = open_duplication(db, 1, "tagged")
    copy = finish(db, made)
    added = "from public.tags where ctid = (select max(ctid) from public.tags where post_id = %s)"
    db.execute("insert into public.tags values (%s, 't')", (copy,))
    below = "select count(*) from public.tags where post_id = %s"

    with pytest.raises(psycopg.Error) as caught:
        discard(db, made)

    assert caught.value.sqlstate == "UD013"
    assert "public.tags" in (caught.value.diag.message_detail or "")
    assert caught.value.diag.message_hint
    assert value(db, below, copy) == 9
    db.execute(f"delete {added}", (copy,))
    discard(db, made)
    assert status(db, made) == "discarded"
    assert (value(db, below, copy), value(db, below, 1)) == (0, 8)
    db.execute("delete from duplication.duplications; delete from duplication.trees where name = 'tagged'")


def test_many_such_rows_are_shown_by_a_few_of_them(db: psycopg.Connection, duplication: int) -> None:
    db.execute(
        "insert into public.blocks (item_id, title) select %s, 'new' from generate_series(1, 50)",
        (last_copy(db, "items"),),
    )

    with refused(db, "UD013") as caught:
        discard(db, duplication)

    assert 1 <= len((caught.value.diag.message_detail or "").splitlines()) <= 20


def test_references_to_other_rows_are_no_obstacle(db: psycopg.Connection, duplication: int) -> None:
    db.execute("create table public.comments (id serial primary key, block_id bigint references public.blocks)")
    db.execute("insert into public.comments (block_id) select id from public.blocks where orig_id is null")
    before = value(db, "select count(*) from public.comments")

    discard(db, duplication)

    assert status(db, duplication) == "discarded"
    assert value(db, "select count(*) from public.comments") == before


def test_a_reference_that_comes_in_between_is_not_cascaded_into(
    db: psycopg.Connection, connect: Connect, duplication: int
) -> None:
    """Made after discard has looked and begun: it stops there, and goes on when the row is gone."""
    db.execute("""
        create table public.comments (id serial primary key, block_id bigint references public.blocks on delete cascade)
    """)
    db.execute("update duplication.settings set lock_timeout = '10 min'")
    elsewhere = connect()
    with elsewhere.transaction():
        first = value(elsewhere, "select min(id) from public.blocks where orig_id is not null")
        elsewhere.execute("select from public.blocks where id = %s for key share", (first,))
        discarding = Background(discard, connect(), duplication)
        eventually(
            lambda: value(db, "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"),
            "discard waits for a row",
        )
        elsewhere.execute("insert into public.comments (block_id) values (%s)", (last_copy(db, "blocks"),))
    error = discarding.error()

    assert isinstance(error, psycopg.Error)
    assert error.sqlstate == "UD013"
    assert error.diag.message_hint
    assert status(db, duplication) == "discarding"
    assert value(db, "select count(*) from public.comments") == 1
    db.execute("delete from public.comments")
    discard(db, duplication)
    assert status(db, duplication) == "discarded"


def test_a_reference_that_is_not_committed_yet_is_not_cascaded_into(
    db: psycopg.Connection, connect: Connect, duplication: int
) -> None:
    """Nobody can see it when discard looks; so it waits for that transaction before it looks."""
    db.execute("update duplication.settings set lock_timeout = '10 min'")
    db.execute("create table public.comments (block_id bigint references public.blocks on delete cascade)")
    elsewhere = connect()
    with elsewhere.transaction():
        elsewhere.execute("insert into public.comments values (%s)", (last_copy(db, "blocks"),))
        discarding = Background(discard, connect(), duplication)
        eventually(
            lambda: value(db, "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"),
            "discard waits for the comment's transaction",
        )
    error = discarding.error()

    assert isinstance(error, psycopg.Error)
    assert error.sqlstate == "UD013"
    assert value(db, "select count(*) from public.comments") == 1


def test_a_refused_discard_leaves_a_copy_that_is_whole(db: psycopg.Connection, duplication: int) -> None:
    db.execute(NEW_ROWS["blocks"], (last_copy(db, "items"),))
    before = contents(db)
    with pytest.raises(psycopg.Error):
        discard(db, duplication)

    assert contents(db) == before
    assert [row[3] for row in verify(db, duplication)] == ["extra"]


@pytest.mark.parametrize("status_now", ["pending", "in_progress"])
def test_what_is_not_over_cannot_be_discarded(db: psycopg.Connection, episode: Episode, status_now: str) -> None:
    source = episode(parts=1)
    made = open_duplication(db, source)
    if status_now == "in_progress":
        db.execute("call duplication.duplicate_level(%s, 'episodes')", (made,))
    assert status(db, made) == status_now

    with refused(db, "UD007"):
        discard(db, made)

    oracle.assert_isomorphic(db, finish(db, made), source)


def test_a_budget_below_zero_is_refused(db: psycopg.Connection, duplication: int) -> None:
    with refused(db, "UD016"):
        discard(db, duplication, budget="-1 s")

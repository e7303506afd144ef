"""Sessions, triggers and tree definitions that meet at the worst moment."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Connect, Episode
from tests.support.calls import (
    copy_level,
    copy_levels_before,
    duplicate,
    finish,
    open_duplication,
    set_batch_rows,
    status,
    value,
    verify,
)
from tests.support.snapshots import refused
from tests.support.waiting import Background, eventually


def add_blocks(conn: psycopg.Connection, source: int, *counts: int) -> None:
    """Give the items of an episode so many blocks each."""
    items = conn.execute(
        "select i.id from items i join parts p on p.id = i.part_id where p.episode_id = %s order by 1", (source,)
    ).fetchall()
    for (item,), count in zip(items, counts, strict=True):
        conn.execute(
            "insert into blocks (item_id, title) select %s, 'block ' || n from generate_series(1, %s) as n",
            (item, count),
        )


def is_waiting(conn: psycopg.Connection, pid: int) -> bool:
    return bool(value(conn, "select cardinality(pg_blocking_pids(%s)) > 0", pid))


def test_a_piece_that_another_session_gives_back_is_not_lost(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    """Two items are split; their rows are neighbours by number, though a piece of other items lies between them."""
    source = episode(parts=1, items=4, blocks=0)
    add_blocks(db, source, 3, 21, 10, 25)
    db.execute("update duplication.levels set batch_rows = 10 where name = 'blocks'")
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "blocks")
    advance = "select _duplication.advance_level(%s, 'blocks')"
    db.execute(advance, (duplication,))
    sessions = [connect() for _ in range(4)]
    for session in sessions:
        session.autocommit = False
        session.execute(advance, (duplication,))
    sessions[1].rollback()
    sessions[2].rollback()
    sessions[0].commit()
    rest = Background(finish, connect(), duplication)
    sessions[3].rollback()

    oracle.assert_isomorphic(db, rest.result(), source)
    assert verify(db, duplication) == []


def test_discard_waits_for_a_row_being_added_below_the_copy_and_keeps_it(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    source = episode(parts=1, items=1, blocks=1)
    copy = duplicate(db, source)
    duplication = value(db, "select max(id) from duplication.duplications")
    application, discarding = connect(), connect()
    application.autocommit = False
    application.execute(
        "insert into blocks (item_id, title) select i.id, 'added' from items i join parts p on p.id = i.part_id "
        "where p.episode_id = %s",
        (copy,),
    )
    db.execute("update duplication.settings set lock_timeout = '0'")

    discard = Background(discarding.execute, f"call duplication.discard({duplication})".encode())
    eventually(lambda: is_waiting(db, discarding.info.backend_pid), "discard waits for the application")
    application.commit()

    with pytest.raises(psycopg.Error) as caught:
        discard.result()
    assert caught.value.sqlstate == "UD013"
    assert value(db, "select count(*) from blocks where title = 'added'") == 1


def test_discard_does_not_wait_for_ever(db: psycopg.Connection, connect: Connect, episode: Episode) -> None:
    source = episode(parts=1, items=1, blocks=1)
    copy = duplicate(db, source)
    duplication = value(db, "select max(id) from duplication.duplications")
    db.execute("update duplication.settings set lock_timeout = '50 ms'")
    application = connect()
    application.autocommit = False
    application.execute("select from parts where episode_id = %s for update", (copy,))

    with pytest.raises(psycopg.errors.LockNotAvailable):
        db.execute(f"call duplication.discard({duplication})".encode())
    assert status(db, duplication) == "discarding"

    application.rollback()
    db.execute(f"call duplication.discard({duplication})".encode())
    assert status(db, duplication) == "discarded"


def test_discard_says_so_when_a_trigger_keeps_rows(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1, items=1, blocks=1)
    duplicate(db, source)
    duplication = value(db, "select max(id) from duplication.duplications")
    db.execute("create function keep() returns trigger language plpgsql as 'begin return null; end'")
    db.execute("create trigger keep before delete on episodes for each row execute function keep()")

    with pytest.raises(psycopg.Error) as caught:
        db.execute(f"call duplication.discard({duplication})".encode())

    assert caught.value.sqlstate == "UD011"
    assert status(db, duplication) == "discarding"
    db.execute("drop trigger keep on episodes")
    db.execute(f"call duplication.discard({duplication})".encode())
    assert status(db, duplication) == "discarded"
    oracle.assert_no_other_rows(db, [source])


def test_a_run_keeps_the_levels_it_was_started_with(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=2, items=2, blocks=2)
    duplication = open_duplication(db, source)
    copy_level(db, duplication, "episodes")
    db.execute(
        "create table notes (id bigint generated by default as identity primary key, part_id bigint, orig_id bigint)"
    )
    db.execute("create index on notes (part_id)")
    db.execute(
        "insert into duplication.levels (tree, name, row_name, relation, key_column, orig_column) "
        "values ('episode', 'notes', 'note', 'public.notes', 'id', 'orig_id')"
    )
    db.execute(
        "insert into duplication.edges (tree, level, parent_level, column_name) "
        "values ('episode', 'notes', 'parts', 'part_id')"
    )

    with refused(db, "UD002"):
        copy_level(db, duplication, "notes")
    oracle.assert_isomorphic(db, finish(db, duplication), source)


def test_verify_of_a_run_that_has_copied_nothing_says_so(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1, items=1, blocks=1)
    duplication = value(db, "select duplication.request_duplication('episode', %s)", str(source))
    db.execute("select duplication.cancel(%s)", (duplication,))

    assert [row[:4] for row in verify(db, duplication)] == [("episodes", str(source), None, "missing")]


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_two_callers_share_one_run_whatever_their_default_isolation(
    db: psycopg.Connection, connect: Connect, episode: Episode, isolation: str
) -> None:
    source = episode(parts=3, items=3, blocks=3)
    sessions = [connect(), connect()]
    for session in sessions:
        session.execute(f"set default_transaction_isolation = '{isolation}'".encode())

    calls = [Background(duplicate, session, source) for session in sessions]

    assert len({call.result() for call in calls}) == 1
    assert value(db, "select count(*) from duplication.duplications") == 1


def test_a_filter_means_the_same_to_the_plan_the_copy_and_verify(db: psycopg.Connection, episode: Episode) -> None:
    """Its function is found by the tree's own search path only."""
    source = episode(parts=4, items=1, blocks=1)
    db.execute("create function is_kept(bigint) returns boolean language sql immutable as 'select $1 % 2 = 0'")
    db.execute("update duplication.levels set row_filter = 'is_kept(s.id)' where name = 'parts'")
    kept = value(db, "select count(*) from parts where episode_id = %s and id %% 2 = 0", source)

    copy = duplicate(db, source)

    assert value(db, "select count(*) from parts where episode_id = %s", copy) == kept
    assert verify(db, value(db, "select max(id) from duplication.duplications")) == []


def test_collated_keys_and_columns_named_like_aliases_can_be_verified(db: psycopg.Connection) -> None:
    db.execute(
        """
        create table boxes (
            id text collate "POSIX" primary key default 'n' || gen_random_uuid(), s text, c text, m text, orig text
        );
        create table things (
            id text collate "POSIX" primary key default 'n' || gen_random_uuid(),
            box text collate "POSIX" not null references boxes, s integer, c integer, orig text collate "C"
        );
        create index on things (box);
        insert into boxes (id, s) values ('Schlüssel', 'one');
        insert into things (id, box, s, c) values ('x', 'Schlüssel', 1, 2), ('y', 'Schlüssel', 3, null);
        insert into duplication.trees (name) values ('box');
        insert into duplication.levels (tree, name, row_name, relation, key_column, orig_column) values
            ('box', 'boxes', 'box', 'public.boxes', 'id', 'orig'),
            ('box', 'things', 'thing', 'public.things', 'id', 'orig');
        insert into duplication.edges (tree, level, parent_level, column_name) values ('box', 'things', 'boxes', 'box');
        """
    )
    copy = duplicate(db, "Schlüssel", "box")
    duplication = value(db, "select max(id) from duplication.duplications")
    assert verify(db, duplication) == []

    db.execute("update things set s = 7 where box = %s and orig = 'x'", (copy,))
    assert [row[3:5] for row in verify(db, duplication)] == [("different", "s")]


def start_while_another_waits(
    db: psycopg.Connection, connect: Connect, duplication: int, change: str
) -> Background[tuple[bool, str | None]]:
    """One session starts the items; another had found them not started, and comes to them after a change."""
    copy_levels_before(db, duplication, "items")
    first, application, second = connect(), connect(), connect()
    first.autocommit = False
    first.execute("select _duplication.advance_level(%s, 'items')", (duplication,))
    # behind the first, which has looked whether the new root is there, and before the second, which is about to
    changing = Background(application.execute, f"begin; lock table public.episodes; {change}; commit".encode())
    eventually(lambda: is_waiting(db, application.info.backend_pid), "the application waits")
    copying = Background(copy_level, second, duplication, "items")
    eventually(lambda: is_waiting(db, second.info.backend_pid), "the second waits")
    first.commit()
    changing.result()
    return copying


def test_columns_changed_before_a_second_session_joins_stop_the_level(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    set_batch_rows(db, 1)
    duplication = open_duplication(db, episode())

    error = start_while_another_waits(db, connect, duplication, "alter table public.items add remark text").error()

    assert isinstance(error, psycopg.Error)
    assert error.sqlstate == "UD012"


def test_a_level_that_was_started_and_finished_meanwhile_is_done(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    source = episode()
    duplication = open_duplication(db, source)

    copying = start_while_another_waits(db, connect, duplication, "select")

    assert copying.result() == (True, "blocks")
    oracle.assert_isomorphic(db, finish(db, duplication), source)

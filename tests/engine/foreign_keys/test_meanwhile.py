"""What others do meanwhile to what a batch refers to: one waits for the other, and no reference is to nothing."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors, sql

from tests.support.calls import copy_levels_before, finish, open_duplication, value, verify
from tests.support.per_set import ROLES
from tests.support.waiting import Background, eventually


def waits_for_a_lock(conn: psycopg.Connection, pid: int) -> bool:
    return bool(value(conn, "select cardinality(pg_blocking_pids(%s)) > 0", pid))


@pytest.mark.parametrize(
    "change", ["delete from public.authors where id = 2", "update public.authors set id = 20 where id = 2"]
)
@pytest.mark.parametrize("action", ["no action", "restrict", "cascade", "set null"])
def test_who_takes_away_what_is_referred_to_waits_for_the_copy(
    db: psycopg.Connection, other: psycopg.Connection, source: int, change: str, action: str
) -> None:
    """And finds its rows then, as those of any other transaction."""
    db.execute("alter table public.blocks drop constraint blocks_author_fkey")
    db.execute(
        sql.SQL(
            "alter table public.blocks add constraint blocks_author_fkey foreign key (author_id) "
            "references public.authors on delete {0} on update {0}"
        ).format(sql.SQL(action))
    )
    db.execute("update public.blocks set author_id = 1")
    with psycopg.connect(db.info.dsn) as copying:
        copying.execute("update public.blocks set author_id = 2 where item_id in (select min(id) from public.items)")
        copying.commit()
        copying.execute("select duplication.duplicate_atomically('episode', %s)", (str(source),))
        # the source's own references are gone, so the copy's alone hold the author
        db.execute("update public.blocks set author_id = 1 where orig_id is null and author_id = 2")
        changing = Background(other.execute, change)
        eventually(lambda: waits_for_a_lock(db, other.info.backend_pid), "the change waits")
        copying.commit()

    refused = (
        (errors.ForeignKeyViolation, errors.RestrictViolation) if action in {"no action", "restrict"} else type(None)
    )
    assert isinstance(changing.error(), refused)
    assert value(db, ROLES) == ["replica"]
    orphans = "select count(*) from public.blocks as b where author_id not in (select id from public.authors)"
    assert value(db, orphans) == 0


@pytest.mark.parametrize("ends", ["commit", "rollback"])
@pytest.mark.parametrize(
    "change", ["delete from public.authors where id = 2", "update public.authors set id = 20 where id = 2"]
)
def test_a_copy_waits_for_who_takes_away_what_it_refers_to(
    db: psycopg.Connection, other: psycopg.Connection, source: int, change: str, ends: str
) -> None:
    db.execute("update duplication.settings set lock_timeout = '1 min'")
    db.execute("""
        begin;
        set local session_replication_role = replica;
        update public.blocks set author_id = 2;
        commit
    """)
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "blocks")
    other.execute("begin")
    # the triggers of the source's own references would not let it be
    other.execute("set local session_replication_role = replica")
    other.execute(change)
    copying = Background(finish, db, duplication)
    with psycopg.connect(db.info.dsn, autocommit=True) as look:
        eventually(lambda: waits_for_a_lock(look, db.info.backend_pid), "the copy waits")
    other.execute(ends)

    if ends == "commit":
        assert isinstance(copying.error(), errors.ForeignKeyViolation)
        assert value(db, "select count(*) from public.blocks where orig_id is not null") == 0
    else:
        assert copying.error() is None
        assert verify(db, duplication) == []


def test_a_key_that_is_added_meanwhile_waits(db: psycopg.Connection, other: psycopg.Connection, source: int) -> None:
    """Else it would be validated without the rows of the copy, which nobody has checked by it."""
    db.execute("alter table public.blocks drop constraint blocks_author_fkey")
    other.execute("set lock_timeout = '50 ms'")
    with psycopg.connect(db.info.dsn) as copying:
        copying.execute("select duplication.duplicate_atomically('episode', %s)", (str(source),))
        with pytest.raises(errors.LockNotAvailable):
            other.execute(
                "alter table public.blocks add constraint late foreign key (author_id) references public.authors"
            )


@pytest.mark.parametrize(
    "renamed",
    [
        "alter table public.authors rename to authors_before; alter table public.other_authors rename to authors",
        "alter table public.authors rename to authors_before",
        "alter table public.authors rename column id to number",
        "create schema elsewhere; alter table public.authors set schema elsewhere",
    ],
)
def test_what_is_referred_to_may_be_renamed_meanwhile(
    db: psycopg.Connection, other: psycopg.Connection, source: int, renamed: str
) -> None:
    """The rows are looked for in the table that the key means, whatever it is called by then."""
    db.execute("""
        update duplication.settings set lock_timeout = '1 min';
        create table public.other_authors (id bigint primary key, name text);
        insert into public.other_authors select * from public.authors
    """)
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "blocks")
    meant = value(db, "select 'public.authors'::regclass::oid")
    other.execute("begin")
    other.execute(renamed.encode())
    copying = Background(finish, db, duplication)
    with psycopg.connect(db.info.dsn, autocommit=True) as look:
        eventually(lambda: waits_for_a_lock(look, db.info.backend_pid), "the copy waits")
    # no longer referred to by the source, so that it can be deleted before the copy goes on
    other.execute("update public.blocks set author_id = 1 where author_id = 2")
    other.execute(
        sql.SQL("delete from {} where name = 'author 2'").format(
            sql.SQL(value(other, "select %s::oid::regclass::text", meant))
        )
    )
    other.execute("commit")

    copying.error()
    target = value(db, "select %s::oid::regclass::text", meant)
    column = "number" if "rename column" in renamed else "id"
    orphans = sql.SQL("select count(*) from public.blocks where author_id not in (select {} from {})")
    found = db.execute(orphans.format(sql.Identifier(column), sql.SQL(target))).fetchone()
    assert found == (0,)
    assert not isinstance(copying.error(), (errors.UndefinedTable, errors.UndefinedColumn))

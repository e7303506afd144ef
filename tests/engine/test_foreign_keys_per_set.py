"""Foreign keys that are checked for a batch at once: whoever uses them cannot tell the difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from tests.engine.conftest import WORKER, NewRole
from tests.support.calls import copy_levels_before, duplicate, finish, open_duplication, set_batch_rows, value, verify
from tests.support.waiting import Background, eventually

Episode = Callable[..., int]

AUTHORS = """
create table public.authors (id bigint primary key, name text);
insert into public.authors select n, 'author ' || n from generate_series(1, 5) as n;
alter table public.blocks add author_id bigint;
update public.blocks set author_id = 1 + id % 5;
alter table public.blocks add constraint blocks_author_fkey foreign key (author_id) references public.authors
"""
COPIES = WORKER + "grant set on parameter session_replication_role to {role};"
# what the role of a statement was when it inserted a row: the triggers of the table rest in that of a replica
WATCHED = "alter table public.blocks add role text default current_setting('session_replication_role')"
ROLES = "select array_agg(distinct role) from public.blocks where orig_id is not null"
REASON = "select payload ->> 'message' from duplication.events where payload ->> 'message' like 'Foreign keys %%'"


@pytest.fixture
def source(db: psycopg.Connection, episode: Episode) -> int:
    """An episode whose blocks have authors; batches of any size are checked as sets."""
    episode_id = episode(parts=2, items=3, blocks=4)
    db.execute(AUTHORS)
    db.execute(WATCHED)
    db.execute("insert into duplication.column_rules (tree, column_name, rule) values ('episode', 'role', 'default')")
    db.execute("update duplication.settings set foreign_keys_per_set = 1")
    return episode_id


@pytest.fixture
def other(db: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """Another session, of the application."""
    with psycopg.connect(db.info.dsn, autocommit=True) as conn:
        yield conn


def waits_for_a_lock(conn: psycopg.Connection, pid: int) -> bool:
    return bool(value(conn, "select cardinality(pg_blocking_pids(%s)) > 0", pid))


def test_the_copy_is_the_same(db: psycopg.Connection, source: int) -> None:
    duplication = open_duplication(db, source)
    finish(db, duplication)

    assert verify(db, duplication) == []
    assert value(db, ROLES) == ["replica"]
    assert db.execute(REASON).fetchall() == []


def test_the_session_is_as_it_was(db: psycopg.Connection, source: int) -> None:
    duplicate(db, source)

    assert value(db, "select current_setting('session_replication_role')") == "origin"


def test_the_session_is_as_it_was_after_an_error(db: psycopg.Connection, source: int) -> None:
    db.execute("alter table public.blocks add constraint refused check (orig_id is null)")

    with pytest.raises(errors.CheckViolation):
        duplicate(db, source)

    assert value(db, "select current_setting('session_replication_role')") == "origin"


@pytest.mark.parametrize(("rows", "role"), [(24, "replica"), (25, "origin")])
def test_batches_of_fewer_rows_are_left_to_the_triggers(
    db: psycopg.Connection, source: int, rows: int, role: str
) -> None:
    db.execute("update duplication.settings set foreign_keys_per_set = %s", (rows,))

    duplicate(db, source)

    assert value(db, ROLES) == [role]


def test_it_is_off_unless_it_is_asked_for(db: psycopg.Connection, source: int) -> None:
    db.execute("update duplication.settings set foreign_keys_per_set = default")

    duplicate(db, source)

    assert value(db, ROLES) == ["origin"]


@pytest.mark.parametrize("null", ["no block", "some blocks", "all blocks"])
def test_a_reference_may_be_null(db: psycopg.Connection, source: int, null: str) -> None:
    condition = {"no block": "false", "some blocks": "id % 2 = 0", "all blocks": "true"}[null]
    db.execute(sql.SQL("update public.blocks set author_id = null where {}").format(sql.SQL(condition)))

    duplication = open_duplication(db, source)
    finish(db, duplication)

    assert verify(db, duplication) == []
    assert value(db, ROLES) == ["replica"]


def test_a_reference_to_nothing_is_the_error_that_the_trigger_raises(db: psycopg.Connection, source: int) -> None:
    db.execute("""
        begin;
        set local session_replication_role = replica;
        delete from public.authors where id in (3, 4);
        commit
    """)

    def refusal() -> dict[str, Any]:
        with pytest.raises(errors.ForeignKeyViolation) as caught:
            duplicate(db, source)
        found = caught.value.diag
        fields = ("sqlstate", "message_primary", "schema_name", "table_name", "constraint_name")
        return {field: getattr(found, field) for field in fields} | {
            "detail": (found.message_detail or "").split("\n")[0]
        }

    per_set = refusal()
    db.execute("update duplication.settings set foreign_keys_per_set = null")
    per_row = refusal()

    assert per_set == per_row | {"detail": per_set["detail"]}
    assert per_set["detail"] == 'Key (author_id)=(3) is not present in table "authors".'
    assert per_row["detail"] in {per_set["detail"], per_set["detail"].replace("3", "4")}
    assert value(db, "select count(*) from public.blocks where orig_id is not null") == 0


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


OBSTACLES = {
    "a key of two columns": (
        """
        alter table public.authors add unique (id, name);
        alter table public.blocks add author_name text,
            add constraint two_columns foreign key (author_id, author_name) references public.authors (id, name)
        """,
        "foreign key two_columns is not of one column of type integer, bigint, uuid or text",
    ),
    "a key of another type": (
        """
        create table public.days (day date primary key);
        alter table public.blocks add day date constraint of_day references public.days
        """,
        "foreign key of_day is not of one column of type integer, bigint, uuid or text",
    ),
    "a key that is equal to others": (
        """
        create collation public.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        create table public.words (word text collate public.any_case primary key);
        alter table public.blocks add word text collate public.any_case constraint of_word references public.words
        """,
        "foreign key of_word is not of one column of type integer, bigint, uuid or text",
    ),
    "a key of characters that are padded": (
        """
        create table public.codes (code char(5) primary key);
        insert into public.codes values ('abc');
        alter table public.blocks add code text default 'abc' constraint of_code references public.codes;
        update public.blocks set code = 'abc  ' where id % 2 = 0
        """,
        "foreign key of_code is not of one column of type integer, bigint, uuid or text",
    ),
    "a key of numbers that are rounded": (
        """
        create table public.sizes (size float8 primary key);
        insert into public.sizes values (2::float8 ^ 53);
        alter table public.blocks add size bigint default 9007199254740992 constraint of_size references public.sizes;
        update public.blocks set size = 9007199254740993 where id % 2 = 0
        """,
        "foreign key of_size is not of one column of type integer, bigint, uuid or text",
    ),
    "a key to a partitioned table": (
        """
        create table public.cats (id bigint primary key) partition by range (id);
        create table public.cats_a partition of public.cats for values from (0) to (3);
        create table public.cats_b partition of public.cats for values from (3) to (100);
        insert into public.cats select generate_series(1, 5);
        alter table public.blocks add cat_id bigint;
        update public.blocks set cat_id = author_id;
        alter table public.blocks add constraint of_cat foreign key (cat_id) references public.cats
        """,
        "foreign key of_cat refers to a partitioned table",
    ),
    "a foreign key that may be checked later": (
        """
        alter table public.blocks drop constraint blocks_author_fkey,
            add constraint later foreign key (author_id) references public.authors deferrable
        """,
        "key later may be checked later",
    ),
    "a unique key that may be checked later": (
        """
        alter table public.blocks add number bigint default random() * 1e15 unique deferrable;
        insert into duplication.column_rules (tree, level, column_name, rule)
        values ('episode', 'blocks', 'number', 'default')
        """,
        "key blocks_number_key may be checked later",
    ),
    "a trigger": (
        """
        create function public.count_blocks() returns trigger language plpgsql as 'begin return null; end';
        create trigger counted after insert on public.blocks execute function public.count_blocks()
        """,
        "trigger counted",
    ),
    "triggers that are disabled": (
        """
        alter table public.blocks disable trigger all;
        alter table public.authors disable trigger all;
        delete from public.authors where id = 2
        """,
        'trigger "RI_ConstraintTrigger_c_',
    ),
    "a trigger of replicas": (
        """
        create function public.count_blocks() returns trigger language plpgsql as 'begin return null; end';
        create trigger counted after update on public.blocks execute function public.count_blocks();
        alter table public.blocks enable replica trigger counted
        """,
        "trigger counted",
    ),
}


@pytest.mark.parametrize(("change", "reason"), OBSTACLES.values(), ids=OBSTACLES)
def test_where_it_cannot_be_the_triggers_do_it_and_that_is_told(
    db: psycopg.Connection, source: int, change: str, reason: str
) -> None:
    try:
        db.execute(change.encode())
    except errors.FeatureNotSupported as error:
        pytest.skip(str(error))  # not every server is built with ICU

    duplication = open_duplication(db, source)
    finish(db, duplication)

    assert verify(db, duplication) == []
    assert value(db, ROLES) == ["origin"]
    (told,) = db.execute(REASON).fetchall()
    assert told[0].startswith(f"Foreign keys are checked row by row: {reason}")


def test_a_partitioned_table_is_left_to_the_triggers(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=2)
    db.execute("""
        alter table public.blocks rename to old_blocks;
        create table public.blocks (like public.old_blocks including all) partition by hash (id);
        create table public.blocks_0 partition of public.blocks for values with (modulus 2, remainder 0);
        create table public.blocks_1 partition of public.blocks for values with (modulus 2, remainder 1);
        alter table public.blocks add foreign key (item_id) references public.items;
        insert into public.blocks overriding system value select * from public.old_blocks;
        update duplication.settings set foreign_keys_per_set = 1
    """)

    duplication = open_duplication(db, source)
    finish(db, duplication)

    assert verify(db, duplication) == []
    assert db.execute(REASON).fetchall() == [("Foreign keys are checked row by row: it is partitioned",)]


@pytest.mark.parametrize(
    ("revoked", "reason"),
    [
        (None, None),
        (
            "revoke set on parameter session_replication_role from {role}",
            "role %s may not set session_replication_role",
        ),
        ("revoke update on public.authors from {role}", "role %s may not lock rows of public.authors"),
        ("revoke select on public.authors from {role}", "role %s may not lock rows of public.authors"),
        (
            """
            create schema hidden;
            alter table public.authors set schema hidden;
            grant select on hidden.authors to {role}
            """,
            "role %s may not lock rows of hidden.authors",
        ),
    ],
)
def test_the_role_has_to_have_the_rights(
    db: psycopg.Connection, source: int, new_role: NewRole, revoked: str | None, reason: str | None
) -> None:
    session = new_role(COPIES + (revoked or ""))

    duplication = open_duplication(session, source)
    finish(session, duplication)

    assert verify(db, duplication) == []
    assert value(db, ROLES) == (["origin"] if reason else ["replica"])
    told = {row[0] for row in db.execute(REASON)}
    assert not reason or f"Foreign keys are checked row by row: {reason % session.info.user}" in told


def test_a_policy_on_what_is_referred_to_leaves_it_to_the_triggers(
    db: psycopg.Connection, source: int, new_role: NewRole
) -> None:
    session = new_role(COPIES)
    db.execute("alter table public.authors enable row level security")

    duplicate(session, source)

    assert value(db, ROLES) == ["origin"]


def test_in_a_copy_of_one_moment_the_triggers_do_it(db: psycopg.Connection, source: int) -> None:
    """What has been committed since could not be seen."""
    with psycopg.connect(db.info.dsn) as copying:
        copying.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        copying.execute("select duplication.duplicate_atomically('episode', %s)", (str(source),))

    assert value(db, ROLES) == ["origin"]
    assert ("Foreign keys are checked row by row: the transaction is repeatable read",) in db.execute(REASON).fetchall()


def test_references_within_a_level_are_checked_with_it(db: psycopg.Connection, source: int) -> None:
    db.execute("alter table public.blocks add next_id bigint references public.blocks")
    db.execute("update public.blocks as b set next_id = (select min(n.id) from public.blocks as n where n.id > b.id)")

    duplication = open_duplication(db, source)
    finish(db, duplication)

    assert verify(db, duplication) == []


def test_a_key_of_integers_may_refer_to_one_of_bigints(db: psycopg.Connection, source: int) -> None:
    db.execute("alter table public.blocks add editor_id integer constraint of_editor references public.authors")
    db.execute("update public.blocks set editor_id = author_id")

    duplication = open_duplication(db, source)
    finish(db, duplication)

    assert verify(db, duplication) == []
    assert value(db, ROLES) == ["replica"]


# What writes elsewhere while a batch is inserted: with triggers off it would be written without any.
WRITERS = {
    "a row that refers to nothing": "insert into public.notes (author_id) values (77)",
    "a row that a trigger counts": "insert into public.notes (author_id) values (1)",
    "a row that others refer to": "delete from public.tags where id = (select min(id) from public.tags)",
    "a row of the table itself": "update public.blocks set position = 0 where id = (select min(id) from public.blocks)",
}
NOTES = """
create table public.notes (author_id bigint references public.authors);
create table public.counted (id bigint generated always as identity);
create function public.count_notes() returns trigger language plpgsql
    as 'begin insert into public.counted default values; return null; end';
create trigger counted after insert on public.notes for each row execute function public.count_notes();
create table public.tags (id bigint primary key);
create table public.tagged (tag_id bigint references public.tags on delete cascade);
insert into public.tags select generate_series(1, 100);
insert into public.tagged select generate_series(1, 100)
"""


@pytest.mark.parametrize("writes", WRITERS.values(), ids=WRITERS)
def test_where_a_function_writes_the_triggers_do_it(db: psycopg.Connection, source: int, writes: str) -> None:
    db.execute(NOTES)
    db.execute(
        sql.SQL("create function public.log_it() returns integer language plpgsql as {}").format(
            sql.Literal(f"begin {writes}; return 1; end")
        )
    )
    db.execute("""
        alter table public.blocks add logged integer;
        alter table public.blocks alter logged set default public.log_it();
        insert into duplication.column_rules (tree, level, column_name, rule)
        values ('episode', 'blocks', 'logged', 'default')
    """)
    set_batch_rows(db, 10)

    duplication = open_duplication(db, source)
    if "77" in writes:
        with pytest.raises(errors.ForeignKeyViolation, match="notes_author_id_fkey"):
            finish(db, duplication)
    else:
        finish(db, duplication)
        assert value(db, ROLES) == ["origin"]

    assert value(db, "select count(*) from public.notes where author_id = 77") == 0
    notes = value(db, "select count(*) from public.notes")
    assert value(db, "select count(*) from public.counted") == notes
    assert value(db, "select count(*) from public.tagged where tag_id not in (select id from public.tags)") == 0
    assert "77" in writes or db.execute(REASON).fetchall() == [
        ("Foreign keys are checked row by row: a function that it calls writes, too",)
    ]


def test_what_the_server_cannot_count_is_left_to_the_triggers(db: psycopg.Connection, source: int) -> None:
    db.execute("set track_counts = off")

    duplicate(db, source)

    assert value(db, ROLES) == ["origin"]


@pytest.mark.parametrize("role", ["replica", "local"])
def test_a_session_of_another_role_keeps_it(db: psycopg.Connection, source: int, role: str) -> None:
    with psycopg.connect(db.info.dsn) as copying:
        copying.execute(sql.SQL("set local session_replication_role = {}").format(sql.SQL(role)))
        copying.execute("select duplication.duplicate_atomically('episode', %s)", (str(source),))
        assert value(copying, "select current_setting('session_replication_role')") == role

    assert value(db, ROLES) == [role]


def test_functions_of_the_application_are_not_taken_for_the_servers(db: psycopg.Connection, source: int) -> None:
    db.execute("""
        create function public.keep_none(bigint[], bigint) returns bigint[] language sql immutable as 'select $1';
        create aggregate public.array_agg(bigint) (sfunc = public.keep_none, stype = bigint[], initcond = '{}');
        begin;
        set local session_replication_role = replica;
        delete from public.authors where id = 2;
        commit
    """)

    with pytest.raises(errors.ForeignKeyViolation):
        duplicate(db, source)


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


def test_keys_that_are_not_enforced_alone_are_no_reason_for_sets(db: psycopg.Connection, source: int) -> None:
    if db.info.server_version < 180000:
        pytest.skip("since PostgreSQL 18")
    db.execute("""
        alter table public.blocks drop constraint blocks_author_fkey, drop constraint blocks_item_id_fkey,
            add constraint loose foreign key (author_id) references public.authors not enforced
    """)

    duplication = open_duplication(db, source)
    finish(db, duplication)

    assert verify(db, duplication) == []
    assert value(db, ROLES) == ["origin"]


def test_only_rows_of_the_table_itself_count(db: psycopg.Connection, source: int) -> None:
    """As for the triggers: what a table inherits from another is not in that one's key."""
    db.execute("""
        create table public.ghosts () inherits (public.authors);
        insert into public.ghosts values (9, 'ghost');
        begin;
        set local session_replication_role = replica;
        update public.blocks set author_id = 9;
        commit
    """)

    with pytest.raises(errors.ForeignKeyViolation):
        duplicate(db, source)


def test_a_key_that_is_not_enforced_is_not_checked(db: psycopg.Connection, source: int) -> None:
    if db.info.server_version < 180000:
        pytest.skip("since PostgreSQL 18")
    db.execute("""
        alter table public.blocks drop constraint blocks_author_fkey,
            add constraint loose foreign key (author_id) references public.authors not enforced
    """)
    db.execute("delete from public.authors")

    duplication = open_duplication(db, source)
    finish(db, duplication)

    assert verify(db, duplication) == []
    assert value(db, ROLES) == ["replica"]


def test_batches_are_checked_one_by_one(db: psycopg.Connection, source: int) -> None:
    set_batch_rows(db, 5)

    duplication = open_duplication(db, source)
    finish(db, duplication)

    assert verify(db, duplication) == []
    assert value(db, ROLES) == ["replica"]

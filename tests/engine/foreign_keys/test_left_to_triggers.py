"""Where a set would not see something, the server's triggers check the foreign keys, and it is told."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors, sql

from tests.engine.conftest import WORKER, NewRole
from tests.support.aliases import Episode
from tests.support.calls import duplicate, finish, open_duplication, set_batch_rows, value, verify
from tests.support.per_set import REASON, ROLES

COPIES = WORKER + "grant set on parameter session_replication_role to {role};"


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
    "a key that is equal by an operator of the application's": (
        """
        create function public.abs_cmp(bigint, bigint) returns integer language sql immutable
            return case when abs($1) < abs($2) then -1 when abs($1) > abs($2) then 1 else 0 end;
        create function public.abs_lt(bigint, bigint) returns boolean language sql immutable return abs($1) < abs($2);
        create function public.abs_le(bigint, bigint) returns boolean language sql immutable return abs($1) <= abs($2);
        create function public.abs_eq(bigint, bigint) returns boolean language sql immutable return abs($1) = abs($2);
        create function public.abs_ge(bigint, bigint) returns boolean language sql immutable return abs($1) >= abs($2);
        create function public.abs_gt(bigint, bigint) returns boolean language sql immutable return abs($1) > abs($2);
        create operator public.<# (function = public.abs_lt, leftarg = bigint, rightarg = bigint);
        create operator public.<=# (function = public.abs_le, leftarg = bigint, rightarg = bigint);
        create operator public.=# (function = public.abs_eq, leftarg = bigint, rightarg = bigint);
        create operator public.>=# (function = public.abs_ge, leftarg = bigint, rightarg = bigint);
        create operator public.># (function = public.abs_gt, leftarg = bigint, rightarg = bigint);
        create operator class public.abs_ops for type bigint using btree as
            operator 1 public.<#, operator 2 public.<=#, operator 3 public.=#, operator 4 public.>=#,
            operator 5 public.>#, function 1 public.abs_cmp(bigint, bigint);
        create table public.steps (step bigint not null);
        create unique index on public.steps (step public.abs_ops);
        insert into public.steps values (5);
        alter table public.blocks add step bigint default -5 constraint of_step references public.steps (step)
        """,
        "foreign key of_step is not of one column of type integer, bigint, uuid or text",
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


def test_a_rule_is_a_reason(db: psycopg.Connection, source: int) -> None:
    db.execute("create rule noted as on insert to public.blocks do instead nothing")

    assert value(db, "select _duplication.per_row_reason('public.blocks')") == "rule noted"


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


@pytest.mark.parametrize("role", ["replica", "local"])
def test_a_session_of_another_role_keeps_it(db: psycopg.Connection, source: int, role: str) -> None:
    with psycopg.connect(db.info.dsn) as copying:
        copying.execute(sql.SQL("set local session_replication_role = {}").format(sql.SQL(role)))
        copying.execute("select duplication.duplicate_atomically('episode', %s)", (str(source),))
        assert value(copying, "select current_setting('session_replication_role')") == role

    assert value(db, ROLES) == [role]


def test_what_the_server_cannot_count_is_left_to_the_triggers(db: psycopg.Connection, source: int) -> None:
    db.execute("set track_counts = off")

    duplicate(db, source)

    assert value(db, ROLES) == ["origin"]
    assert ("Foreign keys are checked row by row: track_counts is off",) in db.execute(REASON).fetchall()


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

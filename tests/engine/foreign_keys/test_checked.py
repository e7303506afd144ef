"""Foreign keys that are checked for a batch at once: whoever uses them cannot tell the difference."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from tests.support.calls import duplicate, finish, open_duplication, set_batch_rows, value, verify
from tests.support.per_set import REASON, ROLES


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
    db.execute("update duplication.settings set foreign_keys_per_set = null")

    duplicate(db, source)

    assert value(db, ROLES) == ["origin"]


def test_batches_are_checked_one_by_one(db: psycopg.Connection, source: int) -> None:
    set_batch_rows(db, 5)

    duplication = open_duplication(db, source)
    finish(db, duplication)

    assert verify(db, duplication) == []
    assert value(db, ROLES) == ["replica"]


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
    ("dropped", "role"),
    [
        ("drop constraint blocks_author_fkey", "replica"),
        ("drop constraint blocks_item_id_fkey, drop constraint blocks_author_fkey", "origin"),
    ],
    ids=["beside one that is", "alone"],
)
def test_a_key_that_is_not_enforced_is_not_checked(
    db: psycopg.Connection, source: int, dropped: str, role: str
) -> None:
    if db.info.server_version < 180000:
        pytest.skip("since PostgreSQL 18")
    db.execute(
        sql.SQL(
            "alter table public.blocks {}, "
            "add constraint loose foreign key (author_id) references public.authors not enforced"
        ).format(sql.SQL(dropped))
    )
    db.execute("delete from public.authors")

    duplication = open_duplication(db, source)
    finish(db, duplication)

    assert verify(db, duplication) == []
    assert value(db, ROLES) == [role]

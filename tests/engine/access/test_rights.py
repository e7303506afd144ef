"""Who may do what, and what a row level security policy hides."""

from __future__ import annotations

import psycopg
import pytest

from tests.docs.blocks import README, blocks
from tests.engine.conftest import WORKER, NewRole
from tests.support import oracle
from tests.support.aliases import Episode
from tests.support.calls import copy_levels_before, finish, open_duplication, status, value, verify

# What the README gives an application's role, and nothing else.
(GRANTS,) = (block.text for block in blocks(README, "sql") if block.text.startswith("create role app;"))
APPLICATION = GRANTS.removeprefix("create role app;").replace(" to app;", " to {role};")


@pytest.fixture
def db(emptied: psycopg.Connection) -> psycopg.Connection:
    return emptied


@pytest.fixture
def application(new_role: NewRole) -> psycopg.Connection:
    """An application's session, with the rights that the README gives it and no others."""
    return new_role(APPLICATION)


def test_an_application_requests_in_its_own_transaction_and_follows(
    db: psycopg.Connection, application: psycopg.Connection, episode: Episode
) -> None:
    source = episode(parts=1)
    with application.transaction():
        made = value(application, "select duplication.request_duplication('episode', %s)", str(source))
    assert value(db, "select requested_by from duplication.duplications") == application.info.user

    copy = finish(db, made)

    assert application.execute(
        "select id, episode_id, new_episode_id, status, progress from duplication.episode_duplications"
    ).fetchall() == [(made, str(source), copy, "completed", 100)]
    assert value(application, "select sum(rows_done)::int from duplication.progress") == 1 + 1 + 2 + 8


def test_an_application_cancels_and_retries(
    db: psycopg.Connection, application: psycopg.Connection, episode: Episode
) -> None:
    source = episode(parts=1)
    request = "select duplication.request_duplication('episode', %s)"
    cancelled, failed = (value(application, request, str(source)) for _ in range(2))
    db.execute("alter table public.parts add constraint refused check (orig_id is null)")
    with pytest.raises(psycopg.errors.CheckViolation):
        finish(db, failed)
    db.execute("alter table public.parts drop constraint refused")

    assert value(application, "select duplication.cancel(%s)", cancelled) == "cancelled"
    assert value(application, "select duplication.retry(%s)", failed) == "pending"

    assert status(db, cancelled) == "cancelled"
    oracle.assert_isomorphic(db, finish(db, failed), source)


def test_an_application_gets_errors_of_ours_too(application: psycopg.Connection) -> None:
    for statement, sqlstate in {
        "select duplication.request_duplication('nosuch', '1')": "UD001",
        "select duplication.request_duplication('episode', '1')": "UD004",
        "select duplication.request_duplication('episode', 'x')": "UD005",
        "select duplication.cancel(1)": "UD003",
        "select duplication.retry(1)": "UD003",
    }.items():
        with pytest.raises(psycopg.Error) as caught:
            application.execute(statement)
        assert caught.value.sqlstate == sqlstate
        assert caught.value.diag.message_hint


def test_an_application_may_do_nothing_else(application: psycopg.Connection) -> None:
    role = application.info.user
    routines = application.execute(
        """
        select p.proname from pg_proc p where p.pronamespace::regnamespace::text in ('duplication', '_duplication')
        and has_function_privilege(%s, p.oid, 'execute') order by 1
        """,
        (role,),
    )
    assert [row[0] for row in routines] == ["cancel", "request_duplication", "retry"]
    relations = application.execute(
        """
        select c.relname from pg_class c where c.relnamespace::regnamespace::text in ('duplication', '_duplication')
        and c.relkind in ('r', 'v', 'm', 'p', 'f')
        and has_any_column_privilege(%s, c.oid, 'select, insert, update, references') order by 1
        """,
        (role,),
    )
    assert [row[0] for row in relations] == ["episode_duplications", "progress"]
    for statement in (
        "select * from duplication.duplications",
        "select nextval('duplication.duplications_id_seq')",
        "create table duplication.mine ()",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute(statement)


def test_nobody_else_may_do_anything(new_role: NewRole) -> None:
    anybody = new_role("grant connect on database postgres to {role}")

    for statement in ("select duplication.cancel(1)", "select * from duplication.progress"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            anybody.execute(statement)


def test_functions_with_their_owners_rights_pin_their_search_path(db: psycopg.Connection) -> None:
    found = db.execute(
        """
        select p.proname, p.proconfig from pg_proc p
        where p.pronamespace::regnamespace::text in ('duplication', '_duplication') and p.prosecdef
        """
    ).fetchall()

    assert {name for name, _ in found} == {
        "cancel",
        "read_events",
        "request_duplication",
        "reset_setting",
        "retry",
        "store_settings",
    }
    assert all("search_path=pg_catalog, pg_temp" in config for _, config in found)


def test_a_temporary_table_of_the_caller_is_not_taken_for_the_engines(
    application: psycopg.Connection, episode: Episode
) -> None:
    source = episode(parts=1)
    application.execute("create temporary table pg_class (oid oid)")
    application.execute("create temporary table duplications (id bigint)")

    assert value(application, "select duplication.request_duplication('episode', %s)", str(source)) > 0


@pytest.fixture
def worker(db: psycopg.Connection, new_role: NewRole) -> psycopg.Connection:
    """A worker's session: it owns nothing, and may read and write everything."""
    return new_role(WORKER)


def test_a_worker_that_owns_nothing_copies_and_discards(
    db: psycopg.Connection, worker: psycopg.Connection, episode: Episode
) -> None:
    source = episode(parts=1)
    duplication = open_duplication(worker, source)

    copy = finish(worker, duplication)

    oracle.assert_isomorphic(db, copy, source)
    assert verify(worker, duplication) == []
    worker.execute("call duplication.discard(%s)", (duplication,))
    oracle.assert_no_other_rows(db, [source])


@pytest.mark.parametrize("table", ["episodes", "parts", "items", "blocks"])
def test_a_row_that_a_policy_hides_is_an_error_and_not_a_row_missing(
    db: psycopg.Connection, worker: psycopg.Connection, episode: Episode, table: str
) -> None:
    source = episode(parts=2, items=2, blocks=2)
    last = value(db, f"select max(id) from public.{table}")
    db.execute(f"""
        alter table public.{table} enable row level security;
        create policy all_but_one on public.{table} using (id <> {last});
    """)

    with pytest.raises(psycopg.errors.InsufficientPrivilege) as caught:
        finish(worker, open_duplication(worker, source))

    assert table in str(caught.value)
    assert "row-level security" in str(caught.value)
    assert value(db, f"select count(*) from public.{table} where orig_id is not null") == 0


@pytest.mark.parametrize("table", ["items", "blocks"])
def test_a_policy_that_comes_while_copying_is_an_error_too(
    db: psycopg.Connection, worker: psycopg.Connection, episode: Episode, table: str
) -> None:
    source = episode(parts=2, items=2, blocks=2)
    duplication = open_duplication(worker, source)
    copy_levels_before(worker, duplication, table)
    db.execute(
        f"alter table public.{table} enable row level security; create policy few on public.{table} using (id = 0)"
    )

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        finish(worker, duplication)

    assert status(db, duplication) == "failed"
    assert value(db, f"select count(*) from public.{table} where orig_id is not null") == 0


def test_discard_and_verify_do_not_overlook_what_a_policy_hides(
    db: psycopg.Connection, worker: psycopg.Connection, episode: Episode
) -> None:
    source = episode(parts=2, items=2, blocks=2)
    duplication = open_duplication(worker, source)
    copy = finish(worker, duplication)
    db.execute("alter table public.blocks enable row level security; create policy none on public.blocks using (false)")

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        verify(worker, duplication)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        worker.execute("call duplication.discard(%s)", (duplication,))

    oracle.assert_isomorphic(db, copy, source)


def test_an_owner_that_the_policy_does_not_concern_copies_everything(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1)
    db.execute("alter table public.blocks enable row level security; create policy none on public.blocks using (false)")

    oracle.assert_isomorphic(db, finish(db, open_duplication(db, source)), source)

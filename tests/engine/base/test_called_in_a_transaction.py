"""The procedures commit: called inside a transaction, they refuse before any work, wherever it is from."""

from __future__ import annotations

import psycopg
import pytest

from tests.support.calls import finish, open_duplication, status, value
from tests.support.content import make_episode
from tests.support.snapshots import contents, refused

CALLS = {
    "duplicate": "call duplication.duplicate('episode', '{source}')",
    "duplicate_level": "call duplication.duplicate_level({id}, 'episodes')",
    "duplicate_episode": "call duplication.duplicate_episode({id})",
    "duplicate_parts": "call duplication.duplicate_parts({id})",
    "duplicate_items": "call duplication.duplicate_items({id})",
    "duplicate_blocks": "call duplication.duplicate_blocks({id})",
    "discard": "call duplication.discard({cancelled})",
}
# A string with several statements is one transaction.
STRINGS = {
    "begin before": "begin; {call}; commit",
    "begin before, commit left out": "begin; {call}",
    "a statement before": "select 1; {call}",
    "a statement after": "{call}; select 1",
    "a write before": "update duplication.settings set max_attempts = 77; {call}",
    "two calls": "{call}; {call}",
}


@pytest.fixture(scope="module")
def prepared(shared: psycopg.Connection) -> dict[str, int]:
    source = make_episode(shared, parts=1, items=1, blocks=1)
    cancelled = value(shared, "select duplication.request_duplication('episode', %s)", str(source))
    shared.execute("select duplication.cancel(%s)", (cancelled,))
    return {"source": source, "id": open_duplication(shared, source), "cancelled": cancelled}


@pytest.fixture(params=CALLS)
def call(request: pytest.FixtureRequest, prepared: dict[str, int]) -> str:
    return CALLS[str(request.param)].format(**prepared)


def test_after_begin(shared: psycopg.Connection, call: str) -> None:
    with refused(shared, "UD015"), shared.transaction():
        shared.execute(call)


def test_on_a_connection_without_autocommit(shared: psycopg.Connection, call: str) -> None:
    with psycopg.connect(shared.info.dsn) as conn, refused(shared, "UD015"):
        conn.execute(call)


def test_with_other_statements_in_one_string(shared: psycopg.Connection, call: str) -> None:
    for string in STRINGS.values():
        with psycopg.connect(shared.info.dsn, autocommit=True) as conn, refused(shared, "UD015"):
            conn.execute(string.format(call=call))


def test_in_a_function(shared: psycopg.Connection, call: str) -> None:
    shared.execute("""
        create or replace function public.run(p_call text) returns void language plpgsql
        as $$ begin execute p_call; end $$
    """)

    with refused(shared, "UD015"):
        shared.execute("select public.run(%s)", (call,))


def test_in_a_block_that_catches_errors(shared: psycopg.Connection, prepared: dict[str, int]) -> None:
    """No COMMIT is possible there, even outside a transaction."""
    before = contents(shared)

    with pytest.raises(psycopg.Error):
        shared.execute(f"""
            do $$ begin call duplication.discard({prepared["cancelled"]});
            exception when division_by_zero then null; end $$
        """)

    assert contents(shared) == before


def test_a_call_by_itself_is_served_however_it_is_sent(shared: psycopg.Connection) -> None:
    """With and without parameters, prepared and not: that differs in when the server begins the transaction."""
    source = make_episode(shared, parts=1, items=1, blocks=1)
    made = open_duplication(shared, source)
    for level in ("episodes", "parts", "items", "blocks"):
        shared.execute(f"call duplication.duplicate_level({made}, '{level}')")
    assert status(shared, made) == "completed"
    made = open_duplication(shared, source)
    for level in ("episodes", "parts", "items", "blocks"):
        shared.execute("call duplication.duplicate_level(%s::bigint, %s)", (made, level), prepare=True)
    assert status(shared, made) == "completed"
    shared.execute("call duplication.discard(%s)", (made,))
    assert status(shared, made) == "discarded"


def test_a_session_whose_default_is_another_isolation_level_is_served(shared: psycopg.Connection) -> None:
    source = make_episode(shared, parts=1, items=1, blocks=1)
    with psycopg.connect(shared.info.dsn, autocommit=True) as conn:
        conn.execute("set default_transaction_isolation = 'serializable'")
        made = open_duplication(conn, source)
        finish(conn, made)
        conn.execute("call duplication.discard(%s)", (made,))
    assert status(shared, made) == "discarded"


def test_a_session_with_a_path_of_its_own_is_served(shared: psycopg.Connection) -> None:
    """What a caller has on the search path is not what the engine finds."""
    source = make_episode(shared, parts=1, items=1, blocks=1)
    shared.execute("""
        create schema trap;
        create function trap.hash_array_extended(anyarray, integer) returns bigint language sql as 'select 1 / 0';
        create function trap.clock_timestamp() returns timestamptz language sql as 'select ''-infinity''::timestamptz';
        create table trap.duplications (id bigint);
    """)
    with psycopg.connect(shared.info.dsn, autocommit=True) as conn:
        conn.execute("set search_path to trap, pg_catalog")
        made = open_duplication(conn, source)
        finish(conn, made)
        conn.execute("call duplication.discard(%s)", (made,))
        assert value(conn, "show search_path") == "trap, pg_catalog"
    assert status(shared, made) == "discarded"

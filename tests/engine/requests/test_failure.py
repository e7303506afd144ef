"""A failed duplication says what has failed and where; a retry keeps what was copied."""

from __future__ import annotations

from dataclasses import dataclass

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
    rows_done,
    set_batch_rows,
    status,
    value,
)

# Refuses one block, with everything that an error may have.
REFUSE = """
create function public.refuse_block() returns trigger language plpgsql as $$
begin
    if new.orig_id = tg_argv[0]::bigint then
        raise exception using errcode = 'U0123', message = 'block ' || new.orig_id || ' is refused',
            detail = 'It is the block of the test.', hint = 'Let it pass.';
    end if;
    return new;
end
$$
"""


@pytest.fixture
def db(emptied: psycopg.Connection) -> psycopg.Connection:
    return emptied


@dataclass(frozen=True)
class Refused:
    """A source of 12 blocks, copied in batches of 4, of which the seventh is refused."""

    source: int
    block: int


@pytest.fixture
def refused(db: psycopg.Connection, episode: Episode) -> Refused:
    source = episode(parts=1, items=6, blocks=2)
    set_batch_rows(db, 4)
    block = value(db, "select id from public.blocks order by id offset 6 limit 1")
    db.execute(REFUSE)
    db.execute(
        f"create trigger refuse after insert on public.blocks for each row execute function refuse_block({block})"
    )
    return Refused(source, block)


def let_pass(conn: psycopg.Connection) -> None:
    conn.execute("drop trigger refuse on public.blocks")


def fail(conn: psycopg.Connection, source: object) -> tuple[int, psycopg.Error]:
    """Duplicate a source that cannot be copied; returns the duplication and the error."""
    duplication = open_duplication(conn, source)
    with pytest.raises(psycopg.Error) as caught:
        finish(conn, duplication)
    return duplication, caught.value


def recorded_error(conn: psycopg.Connection, duplication: int) -> dict[str, str]:
    found = value(conn, "select error from duplication.duplications where id = %s", duplication)
    assert isinstance(found, dict)
    return found


def test_the_record_tells_level_table_and_the_whole_error(db: psycopg.Connection, refused: Refused) -> None:
    duplication, _ = fail(db, refused.source)

    assert status(db, duplication) == "failed"
    error = recorded_error(db, duplication)
    context = error.pop("context")
    assert (
        error.items()
        >= {
            "level": "blocks",
            "relation": "public.blocks",
            "sqlstate": "U0123",
            "message": f"block {refused.block} is refused",
            "detail": "It is the block of the test.",
            "hint": "Let it pass.",
        }.items()
    )
    assert "PL/pgSQL function refuse_block() line" in context
    assert "insert into public.blocks (" in context


def test_the_error_is_raised_to_the_caller_as_well(db: psycopg.Connection, refused: Refused) -> None:
    _, error = fail(db, refused.source)

    assert error.sqlstate == "U0123"
    assert error.diag.message_primary == f"block {refused.block} is refused"
    assert error.diag.message_hint == "Let it pass."
    assert "It is the block of the test." in (error.diag.message_detail or "")
    assert "blocks" in (error.diag.table_name or "")


def test_the_raised_error_names_the_level_and_the_table(db: psycopg.Connection, refused: Refused) -> None:
    _, error = fail(db, refused.source)

    assert "level blocks" in " ".join(filter(None, [error.diag.message_detail, error.diag.context]))
    assert (error.diag.schema_name, error.diag.table_name) in [("public", "blocks"), (None, "public.blocks")]


def test_the_application_reads_the_error_in_its_view(db: psycopg.Connection, refused: Refused) -> None:
    duplication, _ = fail(db, refused.source)

    assert db.execute(
        "select id, status, error_code, error_message from duplication.episode_duplications"
    ).fetchall() == [(duplication, "failed", "U0123", f"block {refused.block} is refused")]


def test_a_constraint_that_refuses_a_row_is_named(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=2, items=1, blocks=1)
    db.execute("alter table public.items add constraint only_originals check (orig_id is null)")

    duplication, error = fail(db, source)

    assert error.sqlstate == "23514"
    record = recorded_error(db, duplication)
    assert (record["level"], record["relation"], record["sqlstate"]) == ("items", "public.items", "23514")
    assert "only_originals" in record["message"]
    assert "Failing row contains" in record["detail"]


def test_an_error_in_another_table_names_that_table_and_the_level(db: psycopg.Connection, episode: Episode) -> None:
    """What the application's own trigger does elsewhere may fail too."""
    source = episode(parts=1, items=1, blocks=1)
    db.execute("""
        create table public.audit (part_id bigint check (part_id < 0));
        create function public.write_audit() returns trigger language plpgsql as
        $$ begin insert into audit values (new.id); return new; end $$;
        create trigger write_audit after insert on public.parts for each row execute function write_audit();
    """)

    duplication, _ = fail(db, source)

    record = recorded_error(db, duplication)
    assert (record["level"], record["relation"], record["sqlstate"]) == ("parts", "public.audit", "23514")


def test_a_deferred_constraint_that_fails_is_a_failure_of_its_batch(db: psycopg.Connection, refused: Refused) -> None:
    """Not of the commit, which nobody could record."""
    let_pass(db)
    db.execute(f"""
        create constraint trigger refuse after insert on public.blocks deferrable initially deferred
        for each row execute function refuse_block({refused.block})
    """)

    duplication, error = fail(db, refused.source)

    assert error.sqlstate == "U0123"
    assert status(db, duplication) == "failed"
    assert recorded_error(db, duplication)["message"] == f"block {refused.block} is refused"
    assert rows_done(db, duplication, "blocks") == 4


def test_a_batch_that_fails_leaves_none_of_its_rows(db: psycopg.Connection, refused: Refused) -> None:
    duplication, _ = fail(db, refused.source)

    assert rows_done(db, duplication, "blocks") == 4
    assert value(db, "select count(*) from public.blocks where orig_id is not null") == 4


def test_a_retry_keeps_what_was_copied_and_copies_the_rest(db: psycopg.Connection, refused: Refused) -> None:
    duplication, _ = fail(db, refused.source)
    copied = [
        f"select '{t.name}', ctid::text, xmin::text, t::text from {t.name} t where orig_id is not null"
        for t in oracle.EPISODE
    ]
    before = {row for query in copied for row in db.execute(query)}
    let_pass(db)

    assert value(db, "select duplication.retry(%s)", duplication) == "pending"
    copy = finish(db, duplication)

    assert before <= {row for query in copied for row in db.execute(query)}
    oracle.assert_isomorphic(db, copy, refused.source)
    oracle.assert_no_other_rows(db, [refused.source, copy])
    assert value(db, "select error from duplication.duplications") is None


def test_a_retry_goes_on_where_it_has_failed_whoever_calls(
    db: psycopg.Connection, connect: Connect, refused: Refused
) -> None:
    duplication, _ = fail(db, refused.source)
    let_pass(db)
    db.execute("select duplication.retry(%s)", (duplication,))

    copy = duplicate(connect(), refused.source)

    assert value(db, "select array_agg(id) from duplication.duplications") == [duplication]
    oracle.assert_isomorphic(db, copy, refused.source)


def test_a_retry_without_a_cure_fails_again_and_loses_nothing(db: psycopg.Connection, refused: Refused) -> None:
    duplication, _ = fail(db, refused.source)
    db.execute("select duplication.retry(%s)", (duplication,))

    with pytest.raises(psycopg.Error) as caught:
        finish(db, duplication)

    assert caught.value.sqlstate == "U0123"
    assert status(db, duplication) == "failed"
    assert rows_done(db, duplication, "blocks") == 4


def test_a_retry_of_one_driven_by_the_queue_is_dispatched_again(db: psycopg.Connection, refused: Refused) -> None:
    duplication = value(db, "select duplication.request_duplication('episode', %s)", str(refused.source))
    assert db.execute("select * from _duplication.dispatch_jobs()").fetchall() == [(duplication, "episodes")]
    with pytest.raises(psycopg.Error):
        finish(db, duplication)
    assert db.execute("select * from _duplication.dispatch_jobs()").fetchall() == []

    db.execute("select duplication.retry(%s)", (duplication,))

    assert db.execute("select * from _duplication.dispatch_jobs()").fetchall() == [(duplication, "blocks")]


def test_a_failure_while_planning_can_be_retried(db: psycopg.Connection, episode: Episode) -> None:
    source = episode()
    db.execute("drop index public.blocks_item_id_idx")
    duplication, error = fail(db, source)
    assert error.sqlstate == "UD010"
    assert recorded_error(db, duplication)["level"] == "episodes"
    db.execute("create index on public.blocks (item_id)")
    db.execute("select duplication.retry(%s)", (duplication,))

    oracle.assert_isomorphic(db, finish(db, duplication), source)


def test_a_new_root_that_is_gone_is_said_by_name(db: psycopg.Connection, episode: Episode) -> None:
    source = episode()
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "parts")
    new_root = value(db, "delete from public.episodes where orig_id is not null returning id")

    with pytest.raises(psycopg.Error) as caught:
        copy_level(db, duplication, "parts")

    assert caught.value.sqlstate == "UD009"
    assert str(new_root) in str(caught.value)
    assert caught.value.diag.message_hint
    assert status(db, duplication) == "failed"

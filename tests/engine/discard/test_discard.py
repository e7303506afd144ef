"""Discard leaves nothing of a copy behind."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import oracle
from tests.support.calls import (
    copy_level,
    copy_levels_before,
    duplicate,
    finish,
    open_duplication,
    set_batch_rows,
    status,
    value,
)
from tests.support.content import make_episode
from tests.support.discards import assert_discarded, copied, discard


@pytest.fixture
def db(emptied: psycopg.Connection) -> psycopg.Connection:
    return emptied


@pytest.mark.parametrize(
    "shape", [[[5, 0, 3], [1, 20], [], [2, 2]], [[], []], []], ids=["uneven", "no items", "no parts"]
)
@pytest.mark.parametrize("batch_rows", [7, 5000])
def test_a_completed_copy_is_discarded(db: psycopg.Connection, batch_rows: int, shape: list[list[int]]) -> None:
    source = make_episode(db, shape=shape)
    set_batch_rows(db, batch_rows)
    before = oracle.source_fingerprint(db, source)
    duplication = open_duplication(db, source)
    copy = finish(db, duplication)

    discard(db, duplication)

    assert status(db, duplication) == "discarded"
    assert copied(db) == 0
    assert value(db, "select count(*) from public.episodes where id = %s", copy) == 0
    assert oracle.source_fingerprint(db, source) == before


def test_a_trigger_that_keeps_a_row_is_named(
    db: psycopg.Connection, source: int, copy: tuple[int, oracle.Fingerprint]
) -> None:
    """What a trigger keeps would be left behind in silence."""
    duplication, before = copy
    kept = value(db, "select max(id) from public.items where orig_id is not null")
    db.execute(f"""
        create function public.keep() returns trigger language plpgsql
        as $$ begin return case when old.id = {kept} then null else old end; end $$;
        create trigger keep before delete on public.items for each row execute function public.keep();
    """)

    with pytest.raises(psycopg.Error, match=r"public\.items") as caught:
        discard(db, duplication)

    assert caught.value.sqlstate == "UD011"
    assert caught.value.diag.message_hint
    assert status(db, duplication) == "discarding"
    db.execute("drop trigger keep on public.items")
    discard(db, duplication)
    assert_discarded(db, duplication, source, before)


@pytest.mark.parametrize("level", ["episodes", "parts", "items", "blocks"])
def test_a_copy_that_was_cancelled_half_way_is_discarded(db: psycopg.Connection, source: int, level: str) -> None:
    before = oracle.source_fingerprint(db, source)
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, level)
    copy_level(db, duplication, level, budget="0")
    db.execute("select duplication.cancel(%s)", (duplication,))

    discard(db, duplication)

    assert_discarded(db, duplication, source, before)


def test_a_failed_copy_is_discarded(db: psycopg.Connection, source: int) -> None:
    before = oracle.source_fingerprint(db, source)
    last = value(db, "select max(id) from public.blocks")
    db.execute(f"alter table public.blocks add constraint refused check (orig_id <> {last})")
    duplication = open_duplication(db, source)
    with pytest.raises(psycopg.errors.CheckViolation):
        finish(db, duplication)

    discard(db, duplication)

    assert_discarded(db, duplication, source, before)


def test_one_that_never_started_is_discarded(db: psycopg.Connection, source: int) -> None:
    before = oracle.source_fingerprint(db, source)
    duplication = open_duplication(db, source)
    db.execute("select duplication.cancel(%s)", (duplication,))

    discard(db, duplication)

    assert_discarded(db, duplication, source, before)


@pytest.mark.parametrize("level", ["episodes", "blocks"])
def test_a_budget_ends_the_call_at_the_next_batch(db: psycopg.Connection, source: int, level: str) -> None:
    before = oracle.source_fingerprint(db, source)
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, level)
    copy_level(db, duplication, level)
    db.execute(
        "select duplication.cancel(%s) where _duplication.next_level(%s) is not null", (duplication, duplication)
    )
    batches = value(db, "select count(*) from _duplication.batches")

    for left in range(batches - 1, -1, -1):
        assert discard(db, duplication, budget="0") is False
        assert status(db, duplication) == "discarding"
        assert value(db, "select count(*) from _duplication.batches") == left

    assert discard(db, duplication, budget="0") is True
    assert_discarded(db, duplication, source, before)


def test_a_budget_that_suffices_is_none_that_matters(
    db: psycopg.Connection, source: int, copy: tuple[int, oracle.Fingerprint]
) -> None:
    duplication, before = copy

    assert discard(db, duplication, budget="1 hour") is True
    assert_discarded(db, duplication, source, before)


def test_discarding_again_is_no_error(
    db: psycopg.Connection, source: int, copy: tuple[int, oracle.Fingerprint]
) -> None:
    duplication, before = copy
    discard(db, duplication)

    assert discard(db, duplication) is True

    assert_discarded(db, duplication, source, before)


def test_other_copies_stay_and_so_do_copies_of_the_copy(db: psycopg.Connection, source: int) -> None:
    first = open_duplication(db, source)
    copy = finish(db, first)
    other, of_copy = duplicate(db, source), duplicate(db, copy)

    discard(db, first)

    oracle.assert_no_other_rows(db, [source, other, of_copy])
    oracle.assert_isomorphic(db, other, source)
    assert len(oracle.content(db, of_copy)[3]) == len(oracle.content(db, source)[3])


def test_copied_rows_that_somebody_has_deleted_are_no_obstacle(
    db: psycopg.Connection, source: int, copy: tuple[int, oracle.Fingerprint]
) -> None:
    duplication, before = copy
    db.execute("delete from public.parts where orig_id is not null and id % 2 = 0")
    db.execute("delete from public.blocks where orig_id is not null and id % 3 = 0")

    discard(db, duplication)

    assert_discarded(db, duplication, source, before)


def test_a_discarded_one_says_when(db: psycopg.Connection, source: int, copy: tuple[int, oracle.Fingerprint]) -> None:
    duplication, _ = copy
    discard(db, duplication)

    assert value(
        db, "select completed_at < discarding_at and discarding_at <= discarded_at from duplication.duplications"
    )
    notices: list[str] = []
    db.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
    discard(db, duplication)
    assert notices == [f"duplication {duplication} is discarded"]

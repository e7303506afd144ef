"""The feed: what is told, in which order, with exactly which fields."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.support import linked
from tests.support.aliases import Connect, Episode
from tests.support.calls import (
    copy_level,
    copy_levels_before,
    duplicate,
    finish,
    open_duplication,
    set_batch_rows,
    value,
)
from tests.support.content import Shape
from tests.support.faults import Gate
from tests.support.waiting import Background, eventually

Event = tuple[str, dict[str, Any]]


@pytest.fixture
def db(emptied: psycopg.Connection) -> psycopg.Connection:
    return emptied


def events(conn: psycopg.Connection, duplication: int) -> list[Event]:
    """The type and the payload of each, in order."""
    return conn.execute(
        "select type, payload from duplication.events where duplication_id = %s order by id", (duplication,)
    ).fetchall()


def told(conn: psycopg.Connection, duplication: int) -> list[tuple[object, ...]]:
    """Each event in short: its type's last word, stage, message, amount and total, where it has them."""
    fields = ("stage", "message", "amount", "total")
    return [
        (kind.removeprefix("duplication."), *(payload[field] for field in fields if field in payload))
        for kind, payload in events(conn, duplication)
    ]


def test_a_duplication_tells_its_levels_in_order(db: psycopg.Connection, episode: Episode) -> None:
    duplication = open_duplication(db, episode(parts=2, items=3, blocks=4))

    finish(db, duplication)

    assert told(db, duplication) == [
        ("requested",),
        ("started",),
        ("feedback", "episodes", "episodes duplication started", 1),
        ("progress", "episodes", 1, 1),
        ("feedback", "episodes", "episodes finished duplicating", 1),
        ("feedback", "parts", "parts duplication started", 2),
        ("progress", "parts", 2, 2),
        ("feedback", "parts", "parts finished duplicating", 2),
        ("feedback", "items", "items duplication started", 6),
        ("progress", "items", 6, 6),
        ("feedback", "items", "items finished duplicating", 6),
        ("feedback", "blocks", "blocks duplication started", 24),
        ("progress", "blocks", 24, 24),
        ("feedback", "blocks", "blocks finished duplicating", 24),
        ("completed",),
    ]


def test_the_payloads_of_a_run_say_what_the_record_says(db: psycopg.Connection, episode: Episode) -> None:
    root = str(episode(parts=1))
    duplication = open_duplication(db, root)
    copy = finish(db, duplication)
    record = db.execute(
        "select to_jsonb(started_at), to_jsonb(completed_at) from duplication.duplications where id = %s",
        (duplication,),
    ).fetchone()
    assert record is not None

    found = events(db, duplication)

    assert found[0] == ("duplication.requested", {"id": duplication, "tree": "episode", "key": root})
    assert found[1] == ("duplication.started", {"id": duplication, "startedAt": record[0]})
    assert found[-1] == (
        "duplication.completed",
        {"id": duplication, "newEpisodeId": copy, "completedAt": record[1]},
    )


def test_every_type_of_the_catalogue_is_told_with_its_fields(db: psycopg.Connection, episode: Episode) -> None:
    """And no other: one is completed and discarded, one fails, waits and is cancelled, one backfills."""
    completed, failed = (open_duplication(db, episode(parts=1)) for _ in range(2))
    finish(db, completed)
    db.execute("call duplication.discard(%s)", (completed,))
    error = '{"level": "parts", "sqlstate": "XX000", "message": "m"}'
    db.execute("select _duplication.fail_duplication(%s, %s)", (failed, error))
    db.execute("select duplication.retry(%s)", (failed,))
    db.execute("select _duplication.postpone(%s, 'busy', '1 min')", (failed,))
    db.execute("select duplication.cancel(%s)", (failed,))
    linked.prepare(db, linked.EXAM)
    finish(db, open_duplication(db, linked.ROOT, linked.EXAM.tree))

    catalogue = {
        name: (set(fields), set(fields) | set(optional))
        for name, fields, optional in db.execute("select type, fields, optional_fields from duplication.event_types")
    }
    # the copy's key is named after the root: the catalogue says it of an episode
    told = db.execute("select type, payload from duplication.events where not payload ? 'newExamsId'").fetchall()

    assert {kind for kind, _ in told} == set(catalogue) - {"reset"}
    for kind, payload in told:
        always, ever = catalogue[kind]
        assert always <= set(payload) <= ever, kind


def test_a_type_that_the_catalogue_does_not_know_is_refused(db: psycopg.Connection, episode: Episode) -> None:
    duplication = open_duplication(db, episode(parts=0))
    with pytest.raises(psycopg.errors.CheckViolation):
        db.execute("select _duplication.emit_event(%s, 'duplication.sneezed', '{}')", (duplication,))


def test_the_new_episode_is_named_in_its_keys_own_form(db: psycopg.Connection, episode: Episode) -> None:
    duplication = open_duplication(db, episode(parts=0))
    copy = finish(db, duplication)

    payload = events(db, duplication)[-1][1]

    assert str(payload["newEpisodeId"]) == copy


EMPTY: dict[str, tuple[Shape, tuple[str, str, int]]] = {
    "no parts": ([], ("parts", "No new parts found for episode; skipping items", 0)),
    "no items": ([[], []], ("items", "No new items found for part; skipping blocks", 0)),
    "no blocks": ([[0, 0], [0]], ("blocks", "No new blocks found for item", 0)),
}


@pytest.mark.parametrize(("shape", "message"), EMPTY.values(), ids=EMPTY.keys())
def test_a_level_with_nothing_to_copy_says_so_once(
    db: psycopg.Connection, episode: Episode, shape: Shape, message: tuple[str, str, int]
) -> None:
    duplication = open_duplication(db, episode(shape=shape))

    finish(db, duplication)

    found = told(db, duplication)
    assert [event for event in found if str(event[2:3]).startswith("('No new")] == [("feedback", *message)]
    # it is the last thing that is told but for the end
    assert found[-2:] == [("feedback", *message), ("completed",)]


def test_an_item_whose_part_is_not_in_the_plan_says_so(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=2, items=2, blocks=1)
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "parts")
    db.execute(
        """
        with added as (insert into public.parts (episode_id, title) values (%s, 'added') returning id)
        update public.items i set part_id = a.id from added a where i.id = (select min(id) from public.items)
        """,
        (source,),
    )

    finish(db, duplication)

    assert ("feedback", "items", "Missing part mapping; skipping item", 1) in told(db, duplication)


def test_a_failure_tells_its_code_and_message(db: psycopg.Connection, episode: Episode) -> None:
    duplication = open_duplication(db, episode(parts=1, items=1, blocks=1))
    db.execute("alter table public.items add constraint only_originals check (orig_id is null)")
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        finish(db, duplication)

    assert events(db, duplication)[-1] == (
        "duplication.failed",
        {"id": duplication, "errorCode": "23514", "message": caught.value.diag.message_primary},
    )
    assert [kind for kind, _ in events(db, duplication)].count("duplication.failed") == 1


def test_a_retry_tells_that_it_has_started_again_and_completes(db: psycopg.Connection, episode: Episode) -> None:
    duplication = open_duplication(db, episode(parts=1, items=1, blocks=1))
    db.execute("alter table public.items add constraint only_originals check (orig_id is null)")
    with pytest.raises(psycopg.errors.CheckViolation):
        finish(db, duplication)
    db.execute("alter table public.items drop constraint only_originals")
    db.execute("select duplication.retry(%s)", (duplication,))

    finish(db, duplication)

    kinds = [kind.removeprefix("duplication.") for kind, _ in events(db, duplication)]
    assert [kind for kind in kinds if kind not in ("feedback", "progress")] == [
        "requested",
        "started",
        "failed",
        "retried",
        "started",
        "completed",
    ]


def test_what_a_batch_tells_is_undone_with_the_batch(db: psycopg.Connection, episode: Episode) -> None:
    duplication = open_duplication(db, episode(parts=1, items=1, blocks=1))
    copy_levels_before(db, duplication, "blocks")
    db.execute("alter table public.blocks add constraint only_originals check (orig_id is null)")

    with pytest.raises(psycopg.errors.CheckViolation):
        copy_level(db, duplication, "blocks")

    assert ("feedback", "blocks", "blocks finished duplicating", 1) not in told(db, duplication)
    assert ("progress", "blocks", 1, 1) not in told(db, duplication)


def test_progress_is_told_now_and_then_and_always_at_the_end(db: psycopg.Connection, episode: Episode) -> None:
    """Not for each of a hundred batches: half a second lies between two, but for the last."""
    set_batch_rows(db, 2)
    duplication = open_duplication(db, episode(parts=1, items=10, blocks=20))

    finish(db, duplication)

    batches = value(db, "select batches from duplication.progress where level = 'blocks'")
    amounts = [event[2:] for event in told(db, duplication) if event[:2] == ("progress", "blocks")]
    assert batches == 100
    assert amounts[-1] == (200, 200)
    assert amounts == sorted(set(amounts))
    too_soon = """
        select count(*) from (
            select created_at - lag(created_at) over (order by id) as pause, lead(id) over (order by id) as next
            from duplication.events where type = 'duplication.progress' and payload ->> 'stage' = 'blocks'
        ) as told where pause < '0.5 s' and next is not null
    """
    assert value(db, too_soon) == 0


def test_progress_is_told_in_the_middle_of_a_level_that_takes_long(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    source = episode(parts=1, items=5, blocks=4)
    set_batch_rows(db, 4)
    duplication = open_duplication(db, source)
    copy_levels_before(db, duplication, "blocks")
    first = value(db, "select min(id) from public.blocks")
    with Gate(db.info.dsn, "public.blocks", "orig_id", first) as gate:
        copying = Background(copy_level, connect(), duplication, "blocks")
        gate.wait_for()
        eventually(
            lambda: value(
                db,
                """
                select clock_timestamp() > started_at + interval '0.6 s' from _duplication.level_runs
                where duplication_id = %s and level = 'blocks'
                """,
                duplication,
            ),
            "more than half a second has passed",
        )
        gate.open()
        copying.result()

    amounts = [event[2:] for event in told(db, duplication) if event[:2] == ("progress", "blocks")]
    assert amounts[0] == (4, 20)
    assert amounts[-1] == (20, 20)


@pytest.fixture
def notices(db: psycopg.Connection) -> list[str]:
    """What a caller is told."""
    heard: list[str] = []
    db.add_notice_handler(lambda notice: heard.append(notice.message_primary or ""))
    return heard


def test_who_calls_for_a_small_copy_is_told_nothing_but_the_result(
    db: psycopg.Connection, episode: Episode, notices: list[str]
) -> None:
    source = episode(parts=2, items=3, blocks=4)

    duplicate(db, source)

    assert notices == []


def test_who_calls_for_a_large_one_is_told_each_level_of_several_batches(
    db: psycopg.Connection, episode: Episode, notices: list[str]
) -> None:
    set_batch_rows(db, 10)

    duplicate(db, episode(parts=2, items=3, blocks=4))

    assert notices == ["blocks finished duplicating (24)"]


def test_who_calls_for_one_that_takes_long_is_told_its_id(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    """By it, it can be followed and cancelled; while it is planned, too, which may take as long."""
    source = episode(parts=5, items=4, blocks=1)
    set_batch_rows(db, 4)
    caller = connect()
    heard: list[str] = []
    caller.add_notice_handler(lambda notice: heard.append(notice.message_primary or ""))
    item = value(db, "select id from public.items order by id offset 15 limit 1")
    with Gate(db.info.dsn, "_duplication.id_map", "orig_key", str(item)) as gate:
        copying = Background(duplicate, caller, source)
        gate.wait_for()
        duplication = value(db, "select id from duplication.duplications")
        eventually(
            lambda: value(db, "select clock_timestamp() > started_at + interval '0.6 s' from duplication.duplications"),
            "more than half a second has passed",
        )
        gate.open()
        copying.result()

    assert heard[0] == f"duplication {duplication}: episodes being planned"
    assert not [notice for notice in heard[1:] if notice.endswith("being planned")]
    assert 0 not in [event[2] for event in told(db, duplication) if event[0] == "progress"], "told before it began"


def test_each_event_carries_the_transaction_that_told_it(db: psycopg.Connection, episode: Episode) -> None:
    """A reader's cursor is the transaction and the number: numbers alone become visible out of order."""
    earlier = value(db, "select pg_current_xact_id()::text")
    duplication = open_duplication(db, episode(parts=1))
    finish(db, duplication)
    later = value(db, "select pg_current_xact_id()::text")

    found = [int(row[0]) for row in db.execute("select xid::text from duplication.events order by id")]

    assert int(earlier) < found[0]
    assert found == sorted(found)
    assert found[-1] < int(later)
    # a level's start, its batches and its end are transactions of their own
    assert len(set(found)) > 4

"""The feed from a cursor on: nothing missed or told twice, whoever commits first; and who comes too late is told so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.aliases import Connect, Connection, Episode
from tests.support.calls import copy_level, finish, open_duplication, set_batch_rows, status, value
from tests.support.discards import discard
from tests.support.linked import EXAM, ROOT, prepare
from tests.support.purges import make_older, purge, purge_after
from tests.support.snapshots import refused
from tests.support.statistics import measure

FEW_BUFFERS = 40


@dataclass(frozen=True)
class Told:
    """What read_events returns."""

    cursor: str
    duplication: int | None
    type: str
    payload: dict[str, Any]


@pytest.fixture
def source(episode: Episode) -> int:
    return episode(parts=2, items=2, blocks=5)


def read(conn: Connection, after: str | None, limit: int = 500, only: int | None = None) -> list[Told]:
    query = "select event_cursor, duplication_id, type, payload from duplication.read_events(%s, %s, %s::bigint)"
    return [Told(*row) for row in conn.execute(query, (after, limit, only))]


def follow(conn: Connection, cursor: str) -> list[Told]:
    """All that comes after a cursor, page by page."""
    seen: list[Told] = []
    while page := read(conn, seen[-1].cursor if seen else cursor):
        seen += page
    return seen


def emit(conn: Connection, duplication: int, word: str) -> None:
    """An event of the test's own, in the transaction that is open."""
    conn.execute("select _duplication.emit_feedback(%s, 'test', %s)", (duplication, word))


def words(events: list[Told]) -> list[object]:
    return [event.payload.get("message") for event in events if event.type == "duplication.feedback"]


def test_what_commits_out_of_order_is_told_once_and_none_is_missed(
    db: Connection, connect: Connect, source: int
) -> None:
    duplication = open_duplication(db, source)
    position = value(db, "select duplication.feed_position()")
    early, late = connect(), connect()
    early.execute("begin")
    emit(early, duplication, "begun first")
    late.execute("begin")
    emit(late, duplication, "begun second")
    late.execute("commit")
    emit(db, duplication, "begun third")

    events = read(db, position)
    assert words(events) == ["begun second", "begun third"], "they do not wait for who is still at it"

    early.execute("commit")
    emit(db, duplication, "begun last")
    for event, rest in zip(events, (["begun third"], []), strict=True):
        assert words(follow(db, event.cursor)) == [*rest, "begun first", "begun last"]
    assert words(read(db, position)) == ["begun first", "begun second", "begun third", "begun last"]


def test_of_what_became_visible_together_the_earlier_is_told_first(
    db: Connection, connect: Connect, source: int
) -> None:
    """Also where its transaction is the younger one: the older waited for it, and went on."""
    duplication = open_duplication(db, source)
    position = value(db, "select duplication.feed_position()")
    older = connect()
    older.execute("begin; select pg_current_xact_id()")
    emit(db, duplication, "cause")
    emit(older, duplication, "effect")
    older.execute("commit")

    assert words(read(db, position)) == ["cause", "effect"]


def test_a_transaction_that_stays_open_costs_a_reader_nothing(db: Connection, connect: Connect, source: int) -> None:
    """Each look reads what is new, not all that came since that transaction began."""
    duplication = open_duplication(db, source)
    connect().execute("begin; select pg_current_xact_id()")
    with db.transaction():
        for number in range(2000):
            emit(db, duplication, str(number))
    db.execute("analyze duplication.events")
    cursor = value(db, "select duplication.feed_position()")
    read(db, cursor)
    emit(db, duplication, "new")

    costs = measure(db, lambda: read(db, cursor))

    assert words(read(db, cursor)) == ["new"]
    assert max(cost.buffers for text, cost in costs.items() if "from duplication.events" in text) < FEW_BUFFERS


def test_one_that_is_undone_holds_up_nobody_any_more(db: Connection, connect: Connect, source: int) -> None:
    duplication = open_duplication(db, source)
    position = value(db, "select duplication.feed_position()")
    undone = connect()
    undone.execute("begin")
    emit(undone, duplication, "undone")
    emit(db, duplication, "kept")

    undone.execute("rollback")

    assert words(read(db, position)) == ["kept"]


def test_events_of_one_transaction_are_told_in_order_and_page_by_page(db: Connection, source: int) -> None:
    duplication = open_duplication(db, source)
    cursor = value(db, "select duplication.feed_position()")
    with db.transaction():
        for number in range(7):
            emit(db, duplication, str(number))
    seen: list[object] = []
    while page := read(db, cursor, limit=3):
        assert len(page) <= 3
        seen += words(page)
        cursor = page[-1].cursor

    assert seen == [str(number) for number in range(7)]


def test_a_state_loaded_after_the_position_was_taken_misses_nothing(
    db: Connection, connect: Connect, source: int
) -> None:
    open_ = connect()
    open_.execute("begin")
    duplication = open_duplication(open_, source)

    position = value(db, "select duplication.feed_position()")
    assert value(db, "select count(*) from duplication.duplications") == 0, "not in the state yet"
    open_.execute("commit")

    assert [(event.duplication, event.type) for event in read(db, position)] == [(duplication, "duplication.requested")]


def test_a_reader_without_a_cursor_is_told_where_to_begin(db: Connection, source: int) -> None:
    open_duplication(db, source)

    (reset,) = read(db, None)

    assert (reset.type, reset.duplication, reset.payload) == ("reset", None, {})
    assert read(db, reset.cursor) == []
    duplication = open_duplication(db, source)
    emit(db, duplication, "after it")
    assert words(read(db, reset.cursor)) == ["after it"]


def test_a_reader_far_behind_reads_it_by_pages_without_sorting_it_all(db: Connection, source: int) -> None:
    duplication = open_duplication(db, source)
    with db.transaction():
        for number in range(2000):
            emit(db, duplication, str(number))
    db.execute("analyze duplication.events")

    costs = measure(db, lambda: read(db, "0", limit=10))

    assert len(read(db, "0", limit=10)) == 10
    assert max(cost.buffers for text, cost in costs.items() if "from duplication.events" in text) < FEW_BUFFERS


def test_a_reader_of_one_duplication_is_told_of_no_other(db: Connection, source: int) -> None:
    ours, other = (value(db, "select duplication.request_duplication('episode', %s)", str(source)) for _ in range(2))
    finish(db, ours)
    finish(db, other)

    events = read(db, "0", only=ours)

    assert {event.duplication for event in events} == {ours}
    assert [event.type for event in events][:: len(events) - 1] == ["duplication.requested", "duplication.completed"]
    assert words(read(db, events[3].cursor, only=ours)) == words(events[4:])


def test_a_cursor_older_than_what_was_purged_gets_a_reset(db: Connection, source: int) -> None:
    duplication = open_duplication(db, source)
    emit(db, duplication, "seen")
    emit(db, duplication, "never seen")
    _, seen, last = read(db, "0")
    make_older(db, duplication)
    purge_after(db, None, "1 day")
    purge(db)
    emit(db, duplication, "new")

    assert [event.type for event in read(db, seen.cursor)] == ["reset"]
    assert [event.type for event in read(db, "0")] == ["reset"]
    assert words(read(db, last.cursor)) == ["new"], "who had seen the last one that was purged has missed nothing"


def test_a_cursor_of_another_database_gets_a_reset(db: Connection) -> None:
    own = value(db, "select duplication.feed_position()")
    for cursor in (f"9000000000:9000000000:@{own[-8:]}", "7:7:@00000000", f"{own[:-8]}00000000"):
        assert [event.type for event in read(db, cursor)] == ["reset"], cursor


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "5:7:",
        *(f"{snapshot}@00000000" for snapshot in ("", "7", "7:", "7:5:", "5:7:9", "a:b:")),
        *(f"5:7:/5:8:{rest}@00000000" for rest in ("", "/x", f"/{10**19}")),
        "5:7:@",
        "5:7:@0000000g",
        "5:7:@000000000",
        "' or 1",
        "5:7:@00000000\n",
    ],
)
def test_what_is_no_cursor_is_refused(db: Connection, cursor: str) -> None:
    with refused(db, "UD016") as caught:
        read(db, cursor)
    assert "is not a cursor of the feed" in str(caught.value)


def test_an_application_reads_it_without_rights_on_the_tables(db: Connection, source: int) -> None:
    open_duplication(db, source)
    db.execute("create role feed_reader")
    try:
        db.execute("grant usage on schema duplication to feed_reader")
        db.execute("grant execute on function duplication.read_events to feed_reader")
        db.execute("set role feed_reader")
        assert [event.type for event in read(db, "0")] == ["duplication.requested"]
    finally:
        db.execute("reset role; drop owned by feed_reader; drop role feed_reader")


def types(conn: Connection, duplication: int) -> list[str]:
    """What is told of it besides how far it is."""
    told = [event.type.removeprefix("duplication.") for event in read(conn, "0", only=duplication)]
    return [kind for kind in told if kind not in {"feedback", "progress"}]


def test_a_cancel_and_a_discard_are_told_once(db: Connection, source: int) -> None:
    duplication = open_duplication(db, source)
    copy_level(db, duplication, "episodes")
    for _ in range(2):
        db.execute("select duplication.cancel(%s)", (duplication,))
    for _ in range(2):
        discard(db, duplication)

    assert status(db, duplication) == "discarded"
    assert types(db, duplication) == ["requested", "started", "cancelled", "discarding", "discarded"]


def test_a_retry_is_told(db: Connection, source: int) -> None:
    duplication = open_duplication(db, source)
    error = '{"level": "parts", "sqlstate": "XX000", "message": "m"}'
    db.execute("select _duplication.fail_duplication(%s, %s)", (duplication, error))
    db.execute("select duplication.retry(%s)", (duplication,))
    finish(db, duplication)

    assert types(db, duplication) == ["requested", "failed", "retried", "started", "completed"]


def test_a_backfill_is_reported_with_its_number_of_rows(db: Connection) -> None:
    prepare(db, EXAM)
    duplication = open_duplication(db, ROOT, EXAM.tree)
    finish(db, duplication)
    told = [event.payload for event in read(db, "0") if event.type == "duplication.backfilling"]
    assert told
    for payload in told:
        total = value(
            db,
            "select sum(rows_planned) from _duplication.batches where duplication_id = %s and level = %s",
            duplication,
            payload["stage"],
        )
        assert payload == {"id": duplication, "stage": payload["stage"], "total": int(total)}


def progress(conn: Connection, duplication: int, level: str) -> list[tuple[int, int]]:
    return [
        (event.payload["amount"], event.payload["total"])
        for event in read(conn, "0", only=duplication)
        if event.type == "duplication.progress" and event.payload["stage"] == level
    ]


def test_many_small_batches_are_told_now_and_then_and_the_last_one_always(db: Connection, episode: Episode) -> None:
    """Each call makes one batch, so that none of them lasts: what an earlier call has told counts."""
    set_batch_rows(db, 1)
    duplication = open_duplication(db, episode(parts=1, items=2, blocks=60))
    for level in ("episodes", "parts", "items"):
        copy_level(db, duplication, level)
    began = value(db, "select clock_timestamp()")
    while not copy_level(db, duplication, "blocks", budget="0")[0]:
        pass
    seconds = (value(db, "select clock_timestamp()") - began).total_seconds()

    told = progress(db, duplication, "blocks")

    assert told[-1] == (120, 120)
    assert len(told) <= 2 * seconds + 2


def test_progress_is_told_though_each_call_is_short(db: Connection, episode: Episode) -> None:
    set_batch_rows(db, 1)
    duplication = open_duplication(db, episode(parts=1, items=1, blocks=20))
    for level in ("episodes", "parts", "items"):
        copy_level(db, duplication, level)
    for _ in range(3):
        copy_level(db, duplication, "blocks", budget="0")
    db.execute("update _duplication.level_runs set started_at = started_at - interval '1 s'")

    copy_level(db, duplication, "blocks", budget="0")
    copy_level(db, duplication, "blocks", budget="0")

    assert len(progress(db, duplication, "blocks")) == 1

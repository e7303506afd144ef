"""Each method of the driver's engine calls its routine and returns what the routine says."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from duplication.engine import Engine
from duplication.errors import (
    ConnectionLost,
    EngineVersionMismatch,
    InvalidKey,
    UnknownDuplication,
    WrongStatus,
)
from duplication.jobs import Job
from duplication.models import Chore, LevelCall
from tests.driver.helpers import complete
from tests.support.calls import set_batch_rows, status, value

LEVELS = ["episodes", "parts", "items", "blocks"]


def test_request_duplication_takes_options(db: psycopg.Connection, engine: Engine, source: str) -> None:
    options = {"idempotency_key": "click-7", "overrides": {"title": "O'Brien «ж»"}}
    duplication = engine.request_duplication("episode", source, options)
    assert engine.request_duplication("episode", source, options) == duplication
    found = engine.find_duplication(duplication)
    assert found.options == options
    complete(engine, duplication)
    title = value(db, "select title from public.episodes where orig_id = %s", source)
    assert title == "O'Brien «ж»"


def test_open_duplication_goes_on_with_the_unfinished_one(engine: Engine, source: str) -> None:
    duplication = engine.open_duplication("episode", source)
    assert engine.open_duplication("episode", source) == duplication
    assert engine.find_duplication(duplication).driven_by == "caller"


def test_duplicate_level_tells_what_follows(engine: Engine, source: str) -> None:
    duplication = engine.open_duplication("episode", source)
    for level, following in zip(LEVELS, [*LEVELS[1:], None], strict=True):
        assert engine.next_level(duplication) == level
        assert engine.duplicate_level(duplication, level) == LevelCall(True, following)
    assert engine.next_level(duplication) is None


def test_duplicate_level_returns_when_its_budget_is_spent(db: psycopg.Connection, engine: Engine, source: str) -> None:
    duplication = engine.open_duplication("episode", source)
    set_batch_rows(db, 1)
    assert engine.duplicate_level(duplication, "episodes", 0.000001) == LevelCall(False, "episodes")


def test_dispatch_sends_what_is_due_once(engine: Engine, source: str) -> None:
    ids = [engine.request_duplication("episode", source) for _ in range(3)]
    sent: list[Job] = []
    assert engine.dispatch(sent.extend, limit=2) == 2
    assert engine.dispatch(sent.extend) == 1
    assert engine.dispatch(sent.extend) == 0
    assert sent == [Job(engine.find_installation(), id_, "episodes") for id_ in ids]


def test_dispatch_leaves_due_what_could_not_be_sent(engine: Engine, source: str) -> None:
    engine.request_duplication("episode", source)

    def fail(jobs: Sequence[Job]) -> None:
        raise RuntimeError(jobs[0].level)

    with pytest.raises(RuntimeError, match="episodes"):
        engine.dispatch(fail)
    sent: list[Job] = []
    assert engine.dispatch(sent.extend) == 1


def test_attempts_are_recorded(db: psycopg.Connection, engine: Engine, source: str) -> None:
    duplication = engine.request_duplication("episode", source)
    released = engine.begin_attempt(duplication, "episodes", "m-1", "host:1")
    assert (released.decision, released.reason, released.wait) == ("run", None, None)
    assert engine.renew_lease(released.attempt, 79).decision == "run"
    assert engine.end_attempt(released.attempt, "released") == "pending"
    failed = engine.begin_attempt(duplication, "episodes", "m-1", "host:2")
    error = {"sqlstate": "23505", "message": "twice", "level": "episodes"}
    assert engine.end_attempt(failed.attempt, "lasting", error) == "failed"
    assert [(item.worker, item.outcome, item.reason) for item in engine.list_attempts(duplication)] == [
        ("host:2", "lasting", "twice"),
        ("host:1", "released", None),
    ]
    assert db.execute("select message_id, worker, outcome from _duplication.attempts order by id").fetchall() == [
        ("m-1", "host:1", "released"),
        ("m-1", "host:2", "lasting"),
    ]


def test_a_job_that_has_to_wait_says_why_and_for_how_long(engine: Engine, source: str) -> None:
    duplication = engine.request_duplication("episode", source)
    gate = engine.begin_attempt(duplication, "episodes", "m-1", "host:1", cpu_percent=91)
    assert (gate.decision, gate.reason, gate.wait) == ("later", "CPU 91 % > 80 %", timedelta(seconds=60))
    assert engine.check_admission(91) == "CPU 91 % > 80 %"
    assert engine.check_admission(80) is None
    assert engine.find_duplication(duplication).waiting_reason == "CPU 91 % > 80 %"
    assert engine.explain_job(duplication, "episodes") == "waiting: CPU 91 % > 80 %"


def test_what_tells_that_the_database_is_busy_is_listed(engine: Engine) -> None:
    assert {load.signal: load.problem for load in engine.list_load_signals()} == dict.fromkeys(
        ["CPU", "replication lag", "active sessions", "sessions waiting for locks", "WAL segments to be archived"]
    )


def test_calls_of_a_worker_are_asked_to_stop(db: psycopg.Connection, engine: Engine, source: str) -> None:
    duplication = engine.request_duplication("episode", source)
    engine.begin_attempt(duplication, "episodes", "m-1", "host:1")
    assert (engine.stop_attempts("host:2"), engine.stop_attempts("host:1")) == (0, 1)
    assert engine.duplicate_level(duplication, "episodes", 600) == LevelCall(False, "episodes")


def test_another_version_of_the_engine_is_refused(db: psycopg.Connection, engine: Engine) -> None:
    engine.check_version()
    with db.transaction(force_rollback=True):
        db.execute("alter function duplication.version() rename to engine_version_before")
        with pytest.raises(EngineVersionMismatch) as caught:
            Engine(db).check_version()
    assert "duplication migrate" in str(caught.value.hint)


def test_a_session_that_is_cut_off_is_gone(engine: Engine) -> None:
    assert engine.seconds_in_call == 0
    engine.cut_off()
    with pytest.raises(ConnectionLost):
        engine.find_installation()


def test_chores_are_those_that_the_settings_ask_for(db: psycopg.Connection, engine: Engine, source: str) -> None:
    duplication = engine.request_duplication("episode", source)
    engine.cancel(duplication)
    assert engine.next_chore() is None
    db.execute("update duplication.settings set discard_cancelled_after = '0 s'")
    assert engine.next_chore() == Chore("discard", duplication)
    assert engine.next_chore([duplication]) is None
    assert engine.purge(1.0) is True


def test_classify_error_sorts(engine: Engine) -> None:
    assert [engine.classify_error(state) for state in ("40P01", "23505", "UD008")] == ["transient", "lasting", "stop"]


def test_cancel_and_retry_return_the_new_status(engine: Engine, source: str) -> None:
    duplication = engine.request_duplication("episode", source)
    attempt = engine.begin_attempt(duplication, "episodes", "m", "w").attempt
    engine.end_attempt(attempt, "lasting", {"sqlstate": "23505", "message": "twice", "level": "episodes"})
    assert engine.retry(duplication) == "pending"
    assert engine.cancel(duplication) == "cancelled"
    with pytest.raises(WrongStatus):
        engine.retry(duplication)


def test_discard_deletes_the_copy(db: psycopg.Connection, engine: Engine, source: str) -> None:
    duplication = engine.open_duplication("episode", source)
    complete(engine, duplication)
    assert engine.discard(duplication) is True
    assert status(db, duplication) == "discarded"
    assert value(db, "select count(*) from public.blocks where orig_id is not null") == 0


def test_verify_yields_each_difference(db: psycopg.Connection, engine: Engine, source: str) -> None:
    duplication = engine.open_duplication("episode", source)
    complete(engine, duplication)
    assert list(engine.verify(duplication)) == []
    db.execute("update public.parts set title = title || '!' where orig_id is not null")
    found = list(engine.verify(duplication))
    assert [(item.level, item.column_name) for item in found] == [("parts", "title")] * 2
    assert engine.next_level(duplication) is None, "the session is still of use"


def test_a_verify_that_is_not_read_to_its_end_leaves_the_session_usable(
    db: psycopg.Connection, engine: Engine, source: str
) -> None:
    duplication = engine.open_duplication("episode", source)
    complete(engine, duplication)
    db.execute("update public.blocks set title = title || '!' where orig_id is not null")
    differences = engine.verify(duplication)
    next(differences)
    differences.close()  # type: ignore[attr-defined]
    assert engine.next_level(duplication) is None


def test_copy_statement_is_a_statement(engine: Engine, source: str) -> None:
    assert "insert into public.blocks" in engine.copy_statement("episode", "blocks").lower()
    assert engine.copy_statement("episode", "blocks", "rows") != engine.copy_statement("episode", "blocks", "parents")


def test_find_installation_is_one_uuid(engine: Engine) -> None:
    assert str(UUID(engine.find_installation())) == engine.find_installation()


def test_duplications_are_found_and_listed(engine: Engine, source: str) -> None:
    ids = [engine.request_duplication("episode", source) for _ in range(3)]
    assert [item.id for item in engine.list_duplications(2)] == ids[:0:-1]
    found = engine.find_duplication(ids[0])
    assert (found.tree, found.root_key, found.status) == ("episode", source, "pending")
    assert isinstance(found.requested_at, datetime)
    with pytest.raises(UnknownDuplication):
        engine.find_duplication(ids[-1] + 1)


def test_list_progress_has_a_row_per_level(engine: Engine, source: str) -> None:
    duplication = engine.request_duplication("episode", source)
    (unstarted,) = engine.list_progress(duplication)
    assert unstarted.level is None
    complete(engine, duplication)
    rows = [(row.level, row.rows_planned, row.rows_copied) for row in engine.list_progress(duplication)]
    assert rows == [("episodes", 1, 1), ("parts", 2, 2), ("items", 4, 4), ("blocks", 12, 12)]


def test_batches_are_listed_with_times_and_rows(engine: Engine, source: str) -> None:
    duplication = engine.request_duplication("episode", source)
    assert engine.list_batches(duplication) == []
    attempt = engine.begin_attempt(duplication, "episodes", "m", "w").attempt
    complete(engine, duplication)
    batches = engine.list_batches(duplication)
    assert [(batch.level, batch.batch_no, batch.rows) for batch in batches] == [
        ("blocks", 1, 12),
        ("items", 1, 4),
        ("parts", 1, 2),
        ("episodes", 1, 1),
    ]
    assert all(batch.started_at <= batch.ended_at for batch in batches)
    assert engine.list_batches(duplication, limit=1) == batches[:1]
    assert engine.list_attempt_batches(attempt) == batches[::-1]
    assert engine.list_attempt_batches(attempt, after=batches[1].ended_at) == batches[:1]


def test_the_feed_is_read_from_a_cursor_on(engine: Engine, source: str) -> None:
    position = engine.feed_position()
    duplication = engine.request_duplication("episode", source)
    complete(engine, duplication)
    events = engine.read_events(position)
    assert [event.type.rpartition(".")[2] for event in events][:2] == ["requested", "started"]
    assert events[0].payload == {"id": duplication, "tree": "episode", "key": source}
    assert engine.read_events(events[0].cursor, limit=1) == events[1:2]
    assert engine.read_events(events[-1].cursor) == []
    assert [event.type for event in engine.read_events(None)] == ["reset"]


def test_duplications_are_counted_by_status(engine: Engine, source: str) -> None:
    ids = [engine.request_duplication("episode", source) for _ in range(3)]
    complete(engine, ids[0])
    counts = {count.status: count for count in engine.count_statuses()}
    assert {status: count.count for status, count in counts.items() if count.count} == {"pending": 2, "completed": 1}
    assert counts["failed"].oldest_requested_at is None
    assert counts["pending"].oldest_requested_at == engine.find_duplication(ids[1]).requested_at


def test_duplications_are_listed_the_newest_first_page_by_page(engine: Engine, source: str) -> None:
    ids = [engine.request_duplication("episode", source) for _ in range(3)]
    complete(engine, ids[1])
    assert [found.id for found in engine.list_duplications(2)] == [ids[2], ids[1]]
    assert [found.id for found in engine.list_duplications(2, before=ids[1])] == [ids[0]]
    assert [found.id for found in engine.list_unfinished()] == [ids[0], ids[2]]
    assert [found.id for found in engine.list_unfinished(limit=1)] == [ids[0]]
    assert engine.list_failed() == []


def test_the_clock_is_the_databases(engine: Engine, source: str) -> None:
    requested = engine.find_duplication(engine.request_duplication("episode", source)).requested_at
    assert engine.read_clock() > requested


def test_run_script_reads_its_values_and_returns_the_last_one(engine: Engine) -> None:
    script = "create temp table t as select current_setting('script.n')::integer + 1 as n; select n from t"
    assert engine.run_script(script, n=1) == "2"
    assert engine.run_script("drop table t") == ""


def test_transaction_is_all_or_nothing(engine: Engine, source: str) -> None:
    with pytest.raises(LookupError), engine.transaction():
        raise LookupError(engine.request_duplication("episode", source))
    assert engine.list_duplications() == []


def test_a_closed_engine_says_that_its_session_is_gone(engine: Engine) -> None:
    engine.close()
    assert engine.closed
    with pytest.raises(ConnectionLost):
        engine.find_installation()


def test_an_error_is_of_ours(engine: Engine) -> None:
    with pytest.raises(InvalidKey) as caught:
        engine.request_duplication("episode", "forty-two")
    assert (caught.value.sqlstate, bool(caught.value.hint)) == ("UD005", True)


def test_every_method_is_shown_here() -> None:
    methods = {name for name, _ in inspect.getmembers(Engine, inspect.isfunction) if not name.startswith("_")}
    shown = inspect.getsource(inspect.getmodule(test_every_method_is_shown_here))  # type: ignore[arg-type]
    assert {name for name in methods if f"engine.{name}(" not in shown} == set()

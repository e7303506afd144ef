"""Which jobs may run, who is at work, and which jobs are sent: decided in the database, whatever the workers do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest

from tests.support.calls import copy_level, finish, set_batch_rows, status, value
from tests.support.faults import kill_backend
from tests.support.waiting import Background, eventually

Connection = psycopg.Connection
Connect = Callable[[], Connection]
Episode = Callable[..., int]


@dataclass(frozen=True)
class Begun:
    """What begin_attempt returns."""

    attempt: int
    decision: str
    reason: str | None
    wait: object


@pytest.fixture
def source(episode: Episode) -> str:
    return str(episode(parts=2, items=2, blocks=5))


def request(conn: Connection, source: str) -> int:
    return int(value(conn, "select duplication.request_duplication('episode', %s)", source))


def begin(
    conn: Connection, duplication: int, level: str = "episodes", *, worker: str = "w", cpu: int | None = None
) -> Begun:
    query = "select * from duplication.begin_attempt(%s, %s, 'm', %s, %s)"
    return Begun(*(conn.execute(query, (duplication, level, worker, cpu)).fetchone() or ()))


def dispatch(conn: Connection, seen_empty: str | None = None, limit: int = 100) -> list[int]:
    query = "select duplication_id from duplication.dispatch_jobs(%s, null, %s::interval)"
    return sorted(row[0] for row in conn.execute(query, (limit, seen_empty)))


def fail(conn: Connection, attempt: int, sqlstate: str = "40P01") -> str:
    error = f'{{"sqlstate": "{sqlstate}", "message": "deadlock detected"}}'
    return str(value(conn, "select duplication.end_attempt(%s, 'transient', %s::jsonb)", attempt, error))


def waiting(conn: Connection, duplication: int) -> object:
    return value(conn, "select waiting_reason from duplication.duplications where id = %s", duplication)


def make_due(conn: Connection) -> None:
    conn.execute("update duplication.duplications set not_before = clock_timestamp() where not_before is not null")


def change(conn: Connection, setting: str, to: str) -> None:
    conn.execute(f"update duplication.settings set {setting} = {to}".encode())


# gates


def test_a_job_runs_when_nothing_is_in_the_way(db: Connection, source: str) -> None:
    duplication = request(db, source)

    assert begin(db, duplication) == Begun(1, "run", None, None)


@pytest.mark.parametrize(
    ("setting", "to", "cpu", "reason", "seconds"),
    [
        ("enabled", "false", None, "duplication is switched off", 30),
        ("max_cpu_percent", "80", 91, "CPU 91 % > 80 %", 60),
    ],
)
def test_a_job_that_has_to_wait_is_recorded_with_reason_and_time(
    db: Connection, source: str, setting: str, to: str, cpu: int | None, reason: str, seconds: int
) -> None:
    duplication = request(db, source)
    dispatch(db)
    change(db, setting, to)

    begun = begin(db, duplication, cpu=cpu)

    assert (begun.decision, begun.reason) == ("later", reason)
    assert db.execute(
        """
        select d.waiting_reason, d.status, round(extract(epoch from d.not_before - a.ended_at))::int, a.outcome,
            a.reason, e.payload ->> 'reason'
        from duplication.duplications as d
        inner join duplication.attempts as a on a.duplication_id = d.id
        inner join duplication.events as e on e.duplication_id = d.id and e.type = 'duplication.waiting'
        """
    ).fetchall() == [(reason, "pending", seconds, "later", reason, reason)]
    assert dispatch(db) == []


def test_a_threshold_that_is_null_is_not_looked_at(db: Connection, source: str) -> None:
    change(db, "max_cpu_percent", "null")

    assert begin(db, request(db, source), cpu=100).decision == "run"


@pytest.mark.parametrize("state", ["cancelled", "completed"])
def test_a_job_of_what_is_over_stops_even_while_switched_off(db: Connection, source: str, state: str) -> None:
    duplication = request(db, source)
    if state == "cancelled":
        db.execute("select duplication.cancel(%s)", (duplication,))
    else:
        finish(db, duplication)
    change(db, "enabled", "false")

    begun = begin(db, duplication)

    assert (begun.decision, begun.reason) == ("stop", f"duplication {duplication} is {state}")
    assert value(db, "select outcome from duplication.attempts") == "stopped"


def test_what_a_caller_drives_is_not_touched(db: Connection, source: str) -> None:
    duplication = int(value(db, "select duplication.open_duplication('episode', %s)", source))

    assert begin(db, duplication).decision == "stop"
    assert dispatch(db) == []


def test_a_job_of_a_level_that_is_done_only_makes_sure_of_the_next(db: Connection, source: str) -> None:
    duplication = request(db, source)
    copy_level(db, duplication, "episodes")

    assert begin(db, duplication, "episodes").decision == "run"
    assert begin(db, duplication, "items").reason == f"duplication {duplication} is still at level parts"


def test_a_second_delivery_is_dropped_while_a_live_session_is_at_work(
    db: Connection, connect: Connect, source: str
) -> None:
    duplication = request(db, source)
    dispatch(db)
    begin(connect(), duplication, worker="first")
    change(db, "enabled", "false")

    begun = begin(db, duplication)

    assert (begun.decision, begun.reason, begun.wait) == ("later", "worker first is at work on it", None)
    assert waiting(db, duplication) is None


def test_no_more_than_max_active_are_at_work_though_all_begin_at_once(
    db: Connection, connect: Connect, source: str
) -> None:
    change(db, "max_active", "3")
    ids = [request(db, source) for _ in range(10)]
    sessions = [connect() for _ in ids]

    with ThreadPoolExecutor(len(ids)) as pool:
        begun = list(pool.map(begin, sessions, ids))

    assert sorted(one.decision for one in begun) == ["later"] * 7 + ["run"] * 3
    assert {one.reason for one in begun if one.decision == "later"} == {"3 duplications are at work, of 3"}


def test_who_died_holds_no_place(db: Connection, connect: Connect, source: str) -> None:
    change(db, "max_active", "1")
    first, second = request(db, source), request(db, source)
    other = connect()
    begin(other, first)
    assert begin(db, second).decision == "later"

    kill_backend(db, other.info.backend_pid)

    make_due(db)
    assert begin(db, second).decision == "run"


def move_attempts_back(conn: Connection, by: str) -> None:
    conn.execute(
        "update duplication.attempts set ended_at = ended_at - %s::interval, started_at = started_at - %s::interval",
        (by, by),
    )


def test_five_failures_of_a_tree_hold_its_jobs_until_the_minute_has_passed(db: Connection, source: str) -> None:
    ids = [request(db, source) for _ in range(6)]
    for duplication in ids[:5]:
        fail(db, begin(db, duplication).attempt)

    begun = begin(db, ids[5])

    assert (begun.decision, begun.reason) == ("later", "5 transient failures of tree episode within 60 s")
    move_attempts_back(db, "50 s")
    make_due(db)
    assert begin(db, ids[5]).decision == "later"
    assert value(db, "select max(not_before) < clock_timestamp() + interval '15 s' from duplication.duplications")
    move_attempts_back(db, "11 s")
    make_due(db)
    assert begin(db, ids[5]).decision == "run"


# leases


def test_a_lease_that_has_run_out_counts_no_more_though_the_session_is_there(
    db: Connection, connect: Connect, source: str
) -> None:
    duplication = request(db, source)
    dispatch(db)
    begin(connect(), duplication, worker="silent")
    assert dispatch(db) == []
    db.execute("update duplication.attempts set lease_ends_at = clock_timestamp()")

    assert dispatch(db) == [duplication]
    assert value(db, "select outcome from duplication.attempts") == "lost"
    assert begin(db, duplication).decision == "run"


def test_a_job_whose_backend_is_gone_is_sent_again_at_once(db: Connection, connect: Connect, source: str) -> None:
    duplication = request(db, source)
    dispatch(db)
    other = connect()
    begin(other, duplication)

    kill_backend(db, other.info.backend_pid)

    assert dispatch(db) == [duplication]
    assert db.execute("select outcome, error ->> 'message' from duplication.attempts").fetchall() == [
        ("lost", "worker w was lost")
    ]


def test_a_number_that_another_backend_has_got_is_not_taken_for_the_first(db: Connection, source: str) -> None:
    duplication = request(db, source)
    dispatch(db)
    begin(db, duplication)
    assert dispatch(db) == []

    db.execute("update duplication.attempts set backend_start = backend_start - interval '1 s'")

    assert dispatch(db) == [duplication]


def test_who_was_taken_for_lost_is_told_so_and_may_still_end(db: Connection, connect: Connect, source: str) -> None:
    duplication = request(db, source)
    dispatch(db)
    late = connect()
    attempt = begin(late, duplication).attempt
    db.execute("update duplication.attempts set lease_ends_at = clock_timestamp()")
    dispatch(db)

    decision = late.execute("select decision, reason from duplication.continue_attempt(%s)", (attempt,)).fetchone()

    assert decision == ("stop", "its lease had run out, and its job was sent again")
    assert value(late, "select duplication.end_attempt(%s, 'done')", attempt) == "pending"


def test_each_call_renews_the_lease_and_asks_the_gates(db: Connection, source: str) -> None:
    duplication = request(db, source)
    attempt = begin(db, duplication).attempt
    db.execute("update duplication.attempts set lease_ends_at = clock_timestamp()")
    go_on = "select decision, reason from duplication.continue_attempt(%s, %s)"

    assert db.execute(go_on, (attempt, 80)).fetchone() == ("run", None)
    assert value(db, "select lease_ends_at > clock_timestamp() from duplication.attempts")
    assert db.execute(go_on, (attempt, 81)).fetchone() == ("later", "CPU 81 % > 80 %")
    assert value(db, "select outcome from duplication.attempts") == "later"


def test_a_job_that_loses_its_session_again_and_again_fails(db: Connection, source: str) -> None:
    change(db, "max_attempts", "3")
    duplication = request(db, source)
    for number in range(1, 4):
        dispatch(db)
        assert begin(db, duplication).decision == "run", number
        db.execute("update duplication.attempts set lease_ends_at = clock_timestamp() where ended_at is null")
        dispatch(db)
        make_due(db)

    assert status(db, duplication) == "failed"
    assert value(db, "select error ->> 'message' from duplication.duplications") == "worker w was lost"


def test_failures_count_from_the_last_batch_that_was_copied(db: Connection, source: str) -> None:
    """A job that comes on does not fail, however often it is interrupted."""
    set_batch_rows(db, 2)
    change(db, "max_attempts", "2")
    change(db, "throttle_failures", "100")
    duplication = request(db, source)
    for level in ("episodes", "parts", "items"):
        copy_level(db, duplication, level)
    for _ in range(4):
        copy_level(db, duplication, "blocks", budget="0")
        assert fail(db, begin(db, duplication, "blocks").attempt) == "in_progress"
        make_due(db)

    assert fail(db, begin(db, duplication, "blocks").attempt) == "failed"


def test_a_call_with_a_budget_stops_at_its_next_step_when_its_worker_ends(
    db: Connection, connect: Connect, source: str
) -> None:
    set_batch_rows(db, 1)
    duplication = request(db, source)
    for level in ("episodes", "parts", "items"):
        copy_level(db, duplication, level)
    begin(db, duplication, "blocks", worker="ending")
    assert value(db, "select duplication.stop_attempts('ending')") == 1

    assert copy_level(db, duplication, "blocks", budget="1 hour") == (False, "blocks")

    assert value(db, "select count(*) from duplication.batches where level = 'blocks'") < 20
    finish(connect(), duplication)
    assert status(db, duplication) == "completed"


# dispatch


def test_the_backlog_stays_in_the_table(db: Connection, source: str) -> None:
    change(db, "max_active", "3")
    ids = [request(db, source) for _ in range(7)]

    assert dispatch(db) == ids[:3]
    assert dispatch(db) == []
    finish(db, ids[1])
    assert dispatch(db) == ids[3:4]


def test_what_has_waited_goes_before_what_is_new(db: Connection, source: str) -> None:
    change(db, "max_active", "1")
    ids = [request(db, source) for _ in range(3)]
    assert dispatch(db) == ids[:1]
    begin(db, ids[0], cpu=91)
    assert dispatch(db) == ids[1:2]
    finish(db, ids[1])
    make_due(db)

    assert dispatch(db) == ids[:1]
    assert waiting(db, ids[0]) is None


def test_nothing_is_sent_while_switched_off_and_all_can_see_why(db: Connection, source: str) -> None:
    ids = [request(db, source) for _ in range(2)]
    change(db, "enabled", "false")

    assert dispatch(db) == []

    assert [waiting(db, duplication) for duplication in ids] == ["duplication is switched off"] * 2
    change(db, "enabled", "true")
    assert dispatch(db) == []
    make_due(db)
    assert dispatch(db) == ids


@contextmanager
def long_ago(conn: Connection, *ids: int) -> Iterator[None]:
    """Jobs that were sent a while ago."""
    conn.execute(
        "update duplication.duplications set dispatched_at = dispatched_at - interval '2 min' where id = any(%s)",
        (list(ids),),
    )
    yield


def test_a_deep_backlog_is_not_taken_for_a_loss(db: Connection, source: str) -> None:
    """Nobody has asked the queue, and nothing that was sent later has arrived."""
    ids = [request(db, source) for _ in range(3)]
    dispatch(db)

    with long_ago(db, *ids):
        assert dispatch(db) == []
        assert dispatch(db, seen_empty="10 min") == []


def test_a_job_that_the_queue_no_longer_had_is_sent_again(db: Connection, source: str) -> None:
    old, new = request(db, source), request(db, source)
    dispatch(db)

    with long_ago(db, old):
        assert dispatch(db, seen_empty="0 s") == [old]
        assert dispatch(db, seen_empty="0 s") == []
    assert status(db, new) == "pending"


def test_a_job_that_others_have_overtaken_is_sent_again(db: Connection, source: str) -> None:
    old, new = request(db, source), request(db, source)
    dispatch(db)

    with long_ago(db, old):
        begin(db, new)
        assert dispatch(db) == [old]


def test_what_is_at_work_is_not_lost_however_long_it_takes(db: Connection, source: str) -> None:
    duplication = request(db, source)
    dispatch(db)
    begin(db, duplication)

    with long_ago(db, duplication):
        assert dispatch(db, seen_empty="0 s") == []


def test_a_job_whose_successor_could_not_be_sent_is_sent_by_the_dispatcher(db: Connection, source: str) -> None:
    duplication = request(db, source)
    dispatch(db)
    attempt = begin(db, duplication).attempt
    copy_level(db, duplication, "episodes")

    db.execute("select duplication.end_attempt(%s, 'done', null, false)", (attempt,))

    assert db.execute("select * from duplication.dispatch_jobs()").fetchall() == [(duplication, "parts")]


# load


def test_sessions_that_wait_for_locks_hold_jobs_back(db: Connection, connect: Connect, source: str) -> None:
    duplication = request(db, source)
    change(db, "max_waiting_sessions", "1")
    holder, waiters = connect(), [connect() for _ in range(2)]
    with holder.transaction():
        holder.execute("lock table public.parts")
        waits = [Background(one.execute, "select from public.parts") for one in waiters]
        count = "select value from duplication.load_signals() where signal = 'sessions waiting for locks'"
        eventually(lambda: value(db, count) == 2, "both of them are seen")
        assert begin(db, duplication).reason == "sessions waiting for locks 2 > 1"
    for one in waits:
        one.result()
    make_due(db)
    assert begin(db, duplication).decision == "run"


def test_busy_sessions_hold_jobs_back_but_not_those_of_the_driver_itself(
    db: Connection, connect: Connect, source: str
) -> None:
    change(db, "max_active_sessions", "0")
    duplication = request(db, source)
    own, other = connect(), connect()
    for one in (db, own):
        one.execute("set application_name = 'duplication'")
    with ThreadPoolExecutor(2) as pool:
        pool.submit(own.execute, "select pg_sleep(60)")
        eventually(
            lambda: value(db, "select state from pg_stat_activity where pid = %s", own.info.backend_pid) == "active",
            "the driver's own session is busy",
        )
        assert value(db, "select value from duplication.load_signals() where signal = 'active sessions'") == 0
        pool.submit(other.execute, "select pg_sleep(60)")
        eventually(lambda: begin(db, duplication).reason == "active sessions 1 > 0", "another one is busy")
        for one in (own, other):
            db.execute("select pg_terminate_backend(%s)", (one.info.backend_pid,))


def test_what_cannot_be_seen_stops_nobody_and_says_what_to_grant(db: Connection) -> None:
    db.execute("create role blind_worker")
    try:
        db.execute(
            "grant usage on schema duplication to blind_worker; grant select on duplication.settings to blind_worker"
        )
        db.execute("grant execute on all functions in schema duplication to blind_worker")
        change(db, "max_active_sessions", "0")
        db.execute("set role blind_worker")
        hidden = db.execute(
            "select signal, problem from duplication.load_signals() where value is null and problem > ''"
        )
        assert dict(hidden.fetchall()) == dict.fromkeys(
            ["replication lag", "active sessions", "sessions waiting for locks"],
            "hidden: grant pg_monitor to blind_worker",
        )
        assert value(db, "select reason from duplication.check_admission(null)") is None
    finally:
        db.execute("reset role; drop owned by blind_worker; drop role blind_worker")


# waiting


@pytest.mark.parametrize("ended_by", ["cancel", "fail", "complete"])
def test_what_is_over_waits_no_more(db: Connection, source: str, ended_by: str) -> None:
    duplication = request(db, source)
    begin(db, duplication, cpu=91)
    assert waiting(db, duplication)

    if ended_by == "cancel":
        db.execute("select duplication.cancel(%s)", (duplication,))
    elif ended_by == "fail":
        db.execute(
            'select duplication.fail_duplication(%s, \'{"level": "parts", "sqlstate": "XX000", "message": "m"}\')',
            (duplication,),
        )
    else:
        finish(db, duplication)

    assert waiting(db, duplication) is None
    make_due(db)
    assert dispatch(db) == []

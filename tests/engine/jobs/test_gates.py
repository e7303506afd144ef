"""Which jobs may run, and what the others wait for: decided in the database, whatever the workers do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.support.aliases import Connect, Connection, Episode
from tests.support.calls import copy_level, finish, value
from tests.support.faults import kill_backend
from tests.support.jobs import Begun, begin, change, dispatch, fail, make_due, move_attempts_back, request, waiting
from tests.support.oracle import Table
from tests.support.trees import register


@pytest.fixture
def source(episode: Episode) -> str:
    return str(episode(parts=2, items=2, blocks=5))


def test_a_job_runs_when_nothing_is_in_the_way(db: Connection, source: str) -> None:
    duplication = request(db, source)

    assert begin(db, duplication) == Begun(1, "run", None, None, None)


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

    assert (begun.decision, begun.reason, begun.gate) == ("later", reason, "load" if cpu else "flag")
    assert db.execute(
        """
        select d.waiting_reason, d.status, round(extract(epoch from d.not_before - a.ended_at))::int, a.outcome,
            a.reason, e.payload ->> 'reason'
        from duplication.duplications as d
        inner join _duplication.attempts as a on a.duplication_id = d.id
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
    assert value(db, "select outcome from _duplication.attempts") == "stopped"


def test_what_a_caller_drives_is_not_touched(db: Connection, source: str) -> None:
    duplication = int(value(db, "select _duplication.open_duplication('episode', %s)", source))

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


def test_five_failures_of_a_tree_hold_its_jobs_until_a_minute_has_passed(db: Connection, source: str) -> None:
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


def test_failures_of_one_tree_hold_back_no_job_of_another(db: Connection, source: str) -> None:
    change(db, "throttle_failures", "1")
    register(db, "elsewhere", (Table("public.episodes"),))
    fail(db, begin(db, request(db, source)).attempt)
    other = int(value(db, "select duplication.request_duplication('elsewhere', %s)", source))

    assert begin(db, request(db, source)).reason == "1 transient failures of tree episode within 60 s"
    assert begin(db, other).decision == "run"


def test_a_message_that_comes_again_while_a_duplication_waits_is_dropped(db: Connection, source: str) -> None:
    duplication = request(db, source)
    begin(db, duplication, cpu=91)
    until = value(db, "select not_before from duplication.duplications")

    begun = begin(db, duplication)

    assert (begun.decision, begun.reason) == ("later", "CPU 91 % > 80 %")
    assert value(db, "select not_before - %s < '1 s' from duplication.duplications", until)
    assert value(db, "select count(*) from duplication.events where type = 'duplication.waiting'") == 1


@pytest.mark.parametrize("ended_by", ["cancel", "fail", "complete"])
def test_what_is_over_waits_no_more(db: Connection, source: str, ended_by: str) -> None:
    duplication = request(db, source)
    begin(db, duplication, cpu=91)
    assert waiting(db, duplication)

    if ended_by == "cancel":
        db.execute("select duplication.cancel(%s)", (duplication,))
    elif ended_by == "fail":
        db.execute(
            'select _duplication.fail_duplication(%s, \'{"level": "parts", "sqlstate": "XX000", "message": "m"}\')',
            (duplication,),
        )
    else:
        finish(db, duplication)

    assert waiting(db, duplication) is None
    make_due(db)
    assert dispatch(db) == []


@pytest.mark.parametrize(
    ("change_to", "constraint"),
    [
        ("not_before = now()", "waiting_has_a_reason"),
        ("waiting_reason = 'no time'", "waiting_has_a_reason"),
        (
            "not_before = now(), waiting_reason = 'over', status = 'cancelled', cancelled_at = now()",
            "only_what_may_run_waits",
        ),
    ],
)
def test_the_table_refuses_to_wait_for_nothing(db: Connection, source: str, change_to: str, constraint: str) -> None:
    request(db, source)

    with pytest.raises(psycopg.errors.CheckViolation, match=constraint):
        db.execute(f"update duplication.duplications set {change_to}".encode())


def test_each_failure_doubles_the_wait_from_a_second_to_a_minute(db: Connection) -> None:
    """And no two wait alike, so that what failed together does not come back together."""
    waits = db.execute(
        """
        select n, min(b.seconds), max(b.seconds)
        from generate_series(1, 12) as n
        cross join lateral (
            select date_part('epoch', _duplication.backoff(n)) as seconds from generate_series(1, 200)
        ) as b
        group by n order by n
        """
    ).fetchall()

    for n, least, most in waits:
        longest = min(2 ** (n - 1), 60)
        assert longest / 2 <= least < most <= longest
        assert most - least > longest / 4

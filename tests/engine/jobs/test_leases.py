"""Who is at work on what: told by sessions that are there and leases that run."""

from __future__ import annotations

import pytest

from tests.support.aliases import Connect, Connection, Episode
from tests.support.calls import copy_level, finish, set_batch_rows, status, value
from tests.support.faults import kill_backend
from tests.support.jobs import begin, change, dispatch, fail, make_due, request, waiting


@pytest.fixture
def source(episode: Episode) -> str:
    return str(episode(parts=2, items=2, blocks=5))


def test_a_lease_that_has_run_out_ends_an_attempt_whose_session_is_there(
    db: Connection, connect: Connect, source: str
) -> None:
    duplication = request(db, source)
    dispatch(db)
    begin(connect(), duplication, worker="silent")
    assert dispatch(db) == []
    db.execute("update _duplication.attempts set lease_ends_at = clock_timestamp()")

    assert dispatch(db) == [duplication]
    assert value(db, "select outcome from _duplication.attempts") == "lost"
    assert begin(db, duplication).decision == "run"


def test_a_job_whose_backend_is_gone_is_sent_again_at_once(db: Connection, connect: Connect, source: str) -> None:
    duplication = request(db, source)
    dispatch(db)
    other = connect()
    begin(other, duplication)

    kill_backend(db, other.info.backend_pid)

    assert dispatch(db) == [duplication]
    assert db.execute("select outcome, error ->> 'message' from _duplication.attempts").fetchall() == [
        ("lost", "worker w was lost")
    ]


def test_a_number_that_another_backend_has_got_is_not_taken_for_the_first(db: Connection, source: str) -> None:
    duplication = request(db, source)
    dispatch(db)
    begin(db, duplication)
    assert dispatch(db) == []

    db.execute("update _duplication.attempts set backend_start = backend_start - interval '1 s'")

    assert dispatch(db) == [duplication]


def test_who_was_taken_for_lost_is_told_so_and_may_still_end(db: Connection, connect: Connect, source: str) -> None:
    duplication = request(db, source)
    dispatch(db)
    late = connect()
    attempt = begin(late, duplication).attempt
    db.execute("update _duplication.attempts set lease_ends_at = clock_timestamp()")
    dispatch(db)

    decision = late.execute("select decision, reason from _duplication.renew_lease(%s)", (attempt,)).fetchone()

    assert decision == ("stop", "its lease had run out, and its job was sent again")
    assert value(late, "select _duplication.end_attempt(%s, 'done')", attempt) == "pending"


def test_each_call_renews_the_lease_and_asks_the_gates(db: Connection, source: str) -> None:
    duplication = request(db, source)
    attempt = begin(db, duplication).attempt
    db.execute("update _duplication.attempts set lease_ends_at = clock_timestamp()")
    go_on = "select decision, reason from _duplication.renew_lease(%s, %s)"

    assert db.execute(go_on, (attempt, 80)).fetchone() == ("run", None)
    assert value(db, "select lease_ends_at > clock_timestamp() from _duplication.attempts")
    assert db.execute(go_on, (attempt, 81)).fetchone() == ("later", "CPU 81 % > 80 %")
    assert value(db, "select outcome from _duplication.attempts") == "later"


def test_a_job_that_loses_its_session_again_and_again_fails(db: Connection, source: str) -> None:
    change(db, "max_attempts", "3")
    duplication = request(db, source)
    for number in range(1, 4):
        dispatch(db)
        assert begin(db, duplication).decision == "run", number
        db.execute("update _duplication.attempts set lease_ends_at = clock_timestamp() where ended_at is null")
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
    assert value(db, "select _duplication.stop_attempts('ending')") == 1

    assert copy_level(db, duplication, "blocks", budget="1 hour") == (False, "blocks")

    assert value(db, "select count(*) from _duplication.batches where level = 'blocks'") < 20
    finish(connect(), duplication)
    assert status(db, duplication) == "completed"


@pytest.mark.parametrize("budget", [None, "1 hour"])
def test_a_call_goes_on_when_a_worker_of_another_duplication_ends(
    db: Connection, source: str, budget: str | None
) -> None:
    set_batch_rows(db, 1)
    duplication, other = request(db, source), request(db, source)
    begin(db, other, worker="ending")
    db.execute("select _duplication.stop_attempts('ending')")

    assert copy_level(db, duplication, "episodes", budget=budget) == (True, "parts")


def test_a_call_without_a_budget_comes_to_its_end_though_a_worker_ends(db: Connection, source: str) -> None:
    """Somebody who calls in psql waits for the whole level."""
    set_batch_rows(db, 1)
    duplication = request(db, source)
    copy_level(db, duplication, "episodes")
    begin(db, duplication, "parts", worker="ending")
    db.execute("select _duplication.stop_attempts('ending')")

    assert copy_level(db, duplication, "parts", budget=None) == (True, "items")


def test_a_lost_attempt_is_not_retried_where_another_has_gone_on(db: Connection, connect: Connect, source: str) -> None:
    duplication = request(db, source)
    dispatch(db)
    lost = connect()
    begin(lost, duplication, worker="lost")
    kill_backend(db, lost.info.backend_pid)
    assert begin(db, duplication, worker="next").decision == "run"

    assert dispatch(db) == []

    assert db.execute("select worker, outcome from _duplication.attempts order by id").fetchall() == [
        ("lost", "lost"),
        ("next", None),
    ]
    assert waiting(db, duplication) is None

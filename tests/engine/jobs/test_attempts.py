"""What came of each delivery of a job, and when a duplication fails by it."""

from __future__ import annotations

import psycopg
import pytest

from tests.support.calls import finish, status, value
from tests.support.content import make_episode
from tests.support.snapshots import refused

ERROR = '{"sqlstate": "53100", "message": "could not extend file", "relation": "public.blocks"}'
LASTING = '{"sqlstate": "23505", "message": "duplicate key", "detail": "Key (a)=(b)", "hint": "h", "context": "c"}'


@pytest.fixture
def duplication(shared: psycopg.Connection) -> int:
    """One that was requested, with three attempts allowed, whatever the other tests do at the same time."""
    shared.execute("update duplication.settings set max_attempts = 3, throttle_failures = 1000, max_active = 1000")
    source = make_episode(shared, parts=1, items=1, blocks=1)
    return int(value(shared, "select duplication.request_duplication('episode', %s)", str(source)))


def begin(conn: psycopg.Connection, duplication: int, message: str = "m-1") -> int:
    """An attempt that runs, whatever it would have to wait for."""
    conn.execute("update duplication.duplications set not_before = null, waiting_reason = null")
    query = "select * from _duplication.begin_attempt(%s, 'episodes', %s, 'worker-1')"
    attempt, decision, *_ = conn.execute(query, (duplication, message)).fetchone() or ()
    assert decision == "run"
    return int(attempt)


def end(conn: psycopg.Connection, attempt: int, outcome: str, error: str | None = None) -> object:
    return value(conn, "select _duplication.end_attempt(%s, %s, %s::jsonb)", attempt, outcome, error)


def try_once(conn: psycopg.Connection, duplication: int, outcome: str, error: str | None = None) -> object:
    return end(conn, begin(conn, duplication), outcome, error)


def test_an_attempt_says_who_worked_on_what_and_what_came_of_it(shared: psycopg.Connection, duplication: int) -> None:
    attempt = begin(shared, duplication, "message 7")
    columns = "duplication_id, level, message_id, worker, backend_pid = pg_backend_pid(), outcome, error"
    query = f"select {columns}, ended_at >= started_at from _duplication.attempts where id = %s"
    who = (duplication, "episodes", "message 7", "worker-1", True)
    assert shared.execute(query, (attempt,)).fetchone() == (*who, None, None, None)

    end(shared, attempt, "transient", '{"sqlstate": "40001", "message": "m"}')

    assert shared.execute(query, (attempt,)).fetchone() == (
        *who,
        "transient",
        {"sqlstate": "40001", "message": "m"},
        True,
    )


@pytest.mark.parametrize("outcome", ["done", "released", "stopped"])
def test_an_outcome_that_is_no_error_changes_nothing(
    shared: psycopg.Connection, duplication: int, outcome: str
) -> None:
    for _ in range(5):
        assert try_once(shared, duplication, outcome) == "pending"


def test_the_last_of_the_transient_ones_fails_the_duplication(shared: psycopg.Connection, duplication: int) -> None:
    found = [try_once(shared, duplication, "transient", ERROR) for _ in range(3)]

    assert found == ["pending", "pending", "failed"]
    assert value(shared, "select error from duplication.duplications where id = %s", duplication) == {
        "level": "episodes",
        "sqlstate": "53100",
        "message": "could not extend file",
        "relation": "public.blocks",
    }
    told = shared.execute(
        "select type, payload ->> 'reason' from duplication.events where duplication_id = %s order by id",
        (duplication,),
    ).fetchall()
    assert told == [
        ("duplication.requested", None),
        ("duplication.waiting", "failure 1 of 3: could not extend file"),
        ("duplication.waiting", "failure 2 of 3: could not extend file"),
        ("duplication.failed", None),
    ]
    assert value(shared, "select payload from duplication.events where type = 'duplication.failed'") == (
        {"id": duplication, "errorCode": "53100", "message": "could not extend file"}
    )


def test_outcomes_that_are_no_error_do_not_count_as_attempts(shared: psycopg.Connection, duplication: int) -> None:
    outcomes = ["transient", "released", "done", "transient", "stopped"]

    assert {try_once(shared, duplication, o, ERROR if o == "transient" else None) for o in outcomes} == {"pending"}
    assert try_once(shared, duplication, "transient", ERROR) == "failed"


def test_a_lasting_one_fails_it_at_once(shared: psycopg.Connection, duplication: int) -> None:
    assert try_once(shared, duplication, "lasting", LASTING) == "failed"

    assert value(shared, "select error from duplication.duplications where id = %s", duplication) == {
        "level": "episodes",
        "sqlstate": "23505",
        "message": "duplicate key",
        "detail": "Key (a)=(b)",
        "hint": "h",
        "context": "c",
    }


def test_a_retry_allows_as_many_attempts_again(shared: psycopg.Connection, duplication: int) -> None:
    for _ in range(3):
        try_once(shared, duplication, "transient", ERROR)
    shared.execute("select duplication.retry(%s)", (duplication,))

    found = [try_once(shared, duplication, "transient", ERROR) for _ in range(3)]

    assert found == ["pending", "pending", "failed"]


def test_what_was_recorded_when_it_failed_is_not_overwritten(shared: psycopg.Connection, duplication: int) -> None:
    """The level's own procedure has recorded more than the worker knows."""
    attempt = begin(shared, duplication)
    shared.execute('select _duplication.fail_duplication(%s, \'{"level": "x"}\' || %s::jsonb)', (duplication, LASTING))

    assert end(shared, attempt, "lasting", '{"sqlstate": "08006", "message": "later"}') == "failed"

    assert value(shared, "select error ->> 'message' from duplication.duplications where id = %s", duplication) == (
        "duplicate key"
    )


@pytest.mark.parametrize("outcome", ["transient", "lasting"])
def test_one_that_is_over_is_not_failed_any_more(shared: psycopg.Connection, duplication: int, outcome: str) -> None:
    """A job delivered twice: the second may meet an error when the first has completed the duplication."""
    shared.execute("update duplication.settings set max_attempts = 1")
    attempt = begin(shared, duplication)
    finish(shared, duplication)

    assert end(shared, attempt, outcome, LASTING) == "completed"
    assert status(shared, duplication) == "completed"


def test_an_attempt_is_ended_once(shared: psycopg.Connection, duplication: int) -> None:
    attempt = begin(shared, duplication)
    end(shared, attempt, "done")

    with refused(shared, "UD016"):
        end(shared, attempt, "transient", ERROR)


SORTS: dict[str, list[str | None]] = {
    "transient": [None, "08006", "53100", "57P01", "58030", "40001", "40P01", "55P03", "57014", "25006"],
    "stop": ["UD003", "UD006", "UD007", "UD008", "UD015"],
    "lasting": [
        "UD004",
        "UD009",
        "UD010",
        "UD011",
        "UD012",
        "UD014",
        "23505",
        "23503",
        "42501",
        "42P01",
        "P0001",
        "XX000",
    ],
}


@pytest.mark.parametrize("sort", SORTS)
def test_errors_are_sorted(shared: psycopg.Connection, sort: str) -> None:
    found = {state: value(shared, "select _duplication.classify_error(%s)", state) for state in SORTS[sort]}

    assert found == dict.fromkeys(SORTS[sort], sort)

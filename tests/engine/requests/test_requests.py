"""A request is part of the application's own transaction, and a repetition of it is the same request."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import oracle
from tests.support.aliases import Connect, Episode
from tests.support.calls import finish, status, value
from tests.support.snapshots import contents
from tests.support.waiting import Background, eventually


@pytest.fixture
def db(emptied: psycopg.Connection) -> psycopg.Connection:
    return emptied


def request(conn: psycopg.Connection, source: object, key: str | None = None) -> int:
    options = "{}" if key is None else f'{{"idempotency_key": "{key}"}}'
    return int(value(conn, "select duplication.request_duplication('episode', %s, %s::jsonb)", str(source), options))


def count(conn: psycopg.Connection) -> int:
    return int(value(conn, "select count(*) from duplication.duplications"))


def waits(conn: psycopg.Connection, waiting: psycopg.Connection) -> None:
    eventually(
        lambda: value(conn, "select count(*) from pg_locks where pid = %s and not granted", waiting.info.backend_pid),
        "the second request waits",
    )


def test_a_request_is_pending_and_says_who_asked(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1)

    made = request(db, source)

    assert db.execute(
        "select id, tree, root_key, status, driven_by, requested_by, options from duplication.duplications"
    ).fetchall() == [(made, "episode", str(source), "pending", "queue", db.info.user, {})]
    assert db.execute(
        "select id, episode_id, new_episode_id, status, progress from duplication.episode_duplications"
    ).fetchall() == [(made, str(source), None, "pending", 0)]


def test_a_request_that_is_rolled_back_leaves_nothing(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1)
    before = contents(db)

    with db.transaction(force_rollback=True):
        request(db, source, "key")

    assert contents(db) == before
    assert db.execute("select * from _duplication.dispatch_jobs()").fetchall() == []


def test_a_request_can_be_for_what_its_own_transaction_has_written(db: psycopg.Connection, connect: Connect) -> None:
    application = connect()
    with application.transaction():
        source = value(application, "insert into public.episodes (title) values ('new') returning id")
        made = request(application, source)
        assert db.execute("select * from _duplication.dispatch_jobs()").fetchall() == []

    assert db.execute("select * from _duplication.dispatch_jobs()").fetchall() == [(made, "episodes")]
    oracle.assert_isomorphic(db, finish(db, made), source)


def test_a_root_that_is_not_committed_elsewhere_is_not_there(db: psycopg.Connection, connect: Connect) -> None:
    application = connect()
    with application.transaction(force_rollback=True):
        source = value(application, "insert into public.episodes (title) values ('new') returning id")

        with pytest.raises(psycopg.Error) as caught:
            request(db, source)

    assert caught.value.sqlstate == "UD004"


def test_two_requests_are_two_copies(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1)

    assert request(db, source) != request(db, source)


def test_a_repetition_returns_the_same_request(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1)

    made = request(db, source, "order 7")

    assert request(db, source, "order 7") == made
    assert request(db, f"00{source}", "order 7") == made
    assert count(db) == 1


def test_a_repetition_returns_it_also_when_it_is_over(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1)
    made = request(db, source, "order 7")
    finish(db, made)

    assert request(db, source, "order 7") == made
    assert status(db, made) == "completed"


def test_a_repetition_in_the_same_transaction_returns_the_same_request(
    db: psycopg.Connection, episode: Episode
) -> None:
    source = episode(parts=1)

    with db.transaction():
        assert request(db, source, "order 7") == request(db, source, "order 7")

    assert count(db) == 1


def test_another_key_is_another_request(db: psycopg.Connection, episode: Episode) -> None:
    source = episode(parts=1)

    assert request(db, source, "order 7") != request(db, source, "order 8")


def test_a_key_used_for_another_root_is_refused(db: psycopg.Connection, episode: Episode) -> None:
    source, other = episode(parts=1), episode(parts=1)
    request(db, source, "order 7")

    with pytest.raises(psycopg.Error, match="order 7") as caught:
        request(db, other, "order 7")

    assert caught.value.sqlstate == "UD016"
    assert caught.value.diag.message_hint
    assert count(db) == 1


def test_concurrent_repetitions_are_one_request(db: psycopg.Connection, connect: Connect, episode: Episode) -> None:
    source = episode(parts=1)
    first, second = connect(), connect()
    with first.transaction():
        made = request(first, source, "order 7")
        repetition = Background(request, second, source, "order 7")
        waits(db, second)

    assert repetition.result() == made
    assert count(db) == 1


def test_a_repetition_takes_the_place_of_one_that_is_rolled_back(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    source = episode(parts=1)
    first, second = connect(), connect()
    with first.transaction(force_rollback=True):
        lost = request(first, source, "order 7")
        repetition = Background(request, second, source, "order 7")
        waits(db, second)

    made = repetition.result()
    assert made != lost
    assert value(db, "select array_agg(id) from duplication.duplications") == [made]


def test_a_job_is_dispatched_once(db: psycopg.Connection, connect: Connect, episode: Episode) -> None:
    """Two dispatchers at once do not send it twice: one waits for its turn. What is not committed is sent later."""
    made = {request(db, episode(parts=1)) for _ in range(3)}
    one, other = connect(), connect()
    with one.transaction(force_rollback=True):
        taken = {row[0] for row in one.execute("select duplication_id from _duplication.dispatch_jobs(2)")}
        with other.transaction():
            rest = {row[0] for row in other.execute("select duplication_id from _duplication.dispatch_jobs()")}
        assert (len(taken), len(rest)) == (2, 0)

    assert {row[0] for row in db.execute("select duplication_id from _duplication.dispatch_jobs()")} == made
    assert db.execute("select * from _duplication.dispatch_jobs()").fetchall() == []


def test_what_a_caller_drives_is_not_dispatched(db: psycopg.Connection, episode: Episode) -> None:
    db.execute("select _duplication.open_duplication('episode', %s)", (str(episode(parts=1)),))

    assert db.execute("select * from _duplication.dispatch_jobs()").fetchall() == []


def test_an_interrupted_copy_is_opened_again_and_a_finished_one_is_not(
    db: psycopg.Connection, connect: Connect, episode: Episode
) -> None:
    source = episode(parts=1)
    opened = [
        value(conn, "select _duplication.open_duplication('episode', %s)", str(source)) for conn in (db, connect())
    ]
    assert len(set(opened)) == 1
    finish(db, opened[0])

    assert value(db, "select _duplication.open_duplication('episode', %s)", str(source)) != opened[0]
    assert request(db, source) not in opened

"""A clock that is moved back holds nothing up until the old time returns. Here what was recorded is moved forth."""

from __future__ import annotations

from tests.support.aliases import Connection, Episode
from tests.support.calls import set_batch_rows, value

DISPATCHED = "select duplication_id from _duplication.dispatch_jobs()"


def request(db: Connection, source: int) -> int:
    return int(value(db, "select duplication.request_duplication('episode', %s)", str(source)))


def begin(db: Connection, duplication: int) -> int:
    query = "select attempt from _duplication.begin_attempt(%s, 'episodes', 'm', 'w') where decision = 'run'"
    return int(value(db, query, duplication))


def test_a_job_that_waits_is_sent_at_once(db: Connection, episode: Episode) -> None:
    duplication = request(db, episode())
    db.execute("select _duplication.postpone(%s, 'load', '60 s')", (duplication,))
    assert db.execute(DISPATCHED).fetchall() == []
    db.execute("update duplication.duplications set not_before = not_before + interval '1 hour'")
    assert db.execute(DISPATCHED).fetchall() == [(duplication,)]


def test_a_job_of_a_lease_that_lasts_too_long_is_taken_over(db: Connection, episode: Episode) -> None:
    duplication = request(db, episode())
    db.execute(DISPATCHED)
    begin(db, duplication)
    assert db.execute(DISPATCHED).fetchall() == []
    db.execute("update _duplication.attempts set lease_ends_at = lease_ends_at + interval '1 hour'")
    assert db.execute(DISPATCHED).fetchall() == [(duplication,)]
    assert value(db, "select outcome from _duplication.attempts") == "lost"


def test_a_job_that_was_sent_in_the_future_counts_as_sent_now(db: Connection, episode: Episode) -> None:
    duplication = request(db, episode())
    db.execute(DISPATCHED)
    db.execute("update duplication.duplications set dispatched_at = dispatched_at + interval '1 hour'")
    assert db.execute(DISPATCHED).fetchall() == []
    db.execute("update duplication.settings set resend_after = '0.000001 s'")
    seen_empty = "select duplication_id from _duplication.dispatch_jobs(100, null, '0 s')"
    assert db.execute(seen_empty).fetchall() == [(duplication,)]


def test_jobs_are_not_lost_because_others_were_sent_in_the_future(db: Connection, episode: Episode) -> None:
    done, waiting = request(db, episode()), request(db, episode())
    db.execute(DISPATCHED)
    db.execute("select _duplication.end_attempt(%s, 'released')", (begin(db, done),))
    db.execute("""
        update _duplication.attempts
        set started_at = started_at + interval '1 hour 1 s', ended_at = ended_at + interval '2 hours'
    """)
    db.execute(
        "update duplication.duplications set dispatched_at = dispatched_at + interval '1 hour', status = 'cancelled', "
        "cancelled_at = now() where id = %s",
        (done,),
    )
    assert db.execute(DISPATCHED).fetchall() == [], waiting


def test_failures_of_the_future_hold_nobody_back(db: Connection, episode: Episode) -> None:
    db.execute("update duplication.settings set throttle_failures = 1")
    failing, other = request(db, episode()), request(db, episode())
    error = '{"sqlstate": "40P01", "message": "deadlock"}'
    db.execute("select _duplication.end_attempt(%s, 'transient', %s)", (begin(db, failing), error))
    later = "select gate from _duplication.begin_attempt(%s, 'episodes', 'm', 'w')"
    assert value(db, later, other) == "throttle"
    db.execute("update _duplication.attempts set ended_at = ended_at + interval '1 hour'")
    db.execute("update duplication.duplications set not_before = null, waiting_reason = null")
    assert value(db, later, other) is None


def test_failures_count_though_the_last_batch_is_in_the_future(db: Connection, episode: Episode) -> None:
    set_batch_rows(db, 2)
    db.execute("update duplication.settings set throttle_failures = 100")
    duplication = request(db, episode())
    db.execute("call duplication.duplicate_level(%s::bigint, 'episodes', null, null, null)", (duplication,))
    db.execute("update _duplication.batches set ended_at = ended_at + interval '1 hour'")
    error = '{"sqlstate": "40P01", "message": "deadlock"}'
    for _ in range(5):
        db.execute("update duplication.duplications set not_before = null, waiting_reason = null")
        query = "select attempt from _duplication.begin_attempt(%s, 'parts', 'm', 'w') where decision = 'run'"
        db.execute("select _duplication.end_attempt(%s, 'transient', %s)", (value(db, query, duplication), error))
    assert value(db, "select status from duplication.duplications") == "failed"


def test_progress_is_told_again(db: Connection) -> None:
    told = "select _duplication.progress_is_due(clock_timestamp() + %s::interval)"
    assert [value(db, told, ago) for ago in ("-1 s", "-0.1 s", "1 hour")] == [True, False, True]


def test_the_period_of_a_call_is_over_before_it_has_begun(db: Connection) -> None:
    """And ends halfway to the statement_timeout, if that is sooner than the budget."""
    within = "select _duplication.call_period(%s::interval) @> clock_timestamp() + %s::interval"
    assert [value(db, within, "5 s", at) for at in ("-1 hour", "1 s", "6 s")] == [False, True, False]
    assert [value(db, within, None, at) for at in ("-1 hour", "1 hour")] == [True, True]
    db.execute("set statement_timeout = '4 s'")
    assert [value(db, within, "5 s", at) for at in ("1 s", "3 s")] == [True, False]

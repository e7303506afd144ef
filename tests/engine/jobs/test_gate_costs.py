"""Finding jobs and letting them in costs the same however much there was and however much waits."""

from __future__ import annotations

import pytest

from tests.support.aliases import Connection, Episode
from tests.support.calls import value
from tests.support.statistics import measure


def add_history(conn: Connection, count: int) -> None:
    """Duplications that are finished, were never sent, or wait for an hour, and attempts long ended, in each way."""
    conn.execute(
        """
        insert into duplication.duplications (
            tree, root_key, new_root_key, status, driven_by, started_at, completed_at, not_before, waiting_reason
        )
        select
            'episode', n, n, s.status, 'queue', now(), now(),
            case when s.waits then now() + interval '50 s' end, case when s.waits then 'as it was told' end
        from generate_series(1, %s) as n
        cross join (values ('pending', false), ('pending', true), ('completed', false)) as s (status, waits)
        """,
        (count,),
    )
    conn.execute(
        """
        insert into _duplication.attempts (
            duplication_id, level, message_id, worker, started_at, ended_at, outcome, error
        )
        select d.id, 'episodes', 'm', 'w', now() - interval '1 day', now() - interval '1 day', o.outcome,
            case o.outcome when 'transient' then '{"sqlstate": "40001", "message": "m"}'::jsonb end
        from duplication.duplications as d
        cross join unnest(array['done', 'transient']) as o (outcome)
        where d.status = 'completed'
        """
    )


@pytest.mark.parametrize("analyzed", ["when it was empty", "as it is"])
def test_jobs_are_found_and_let_in_at_a_cost_that_does_not_grow(
    db: Connection, episode: Episode, analyzed: str
) -> None:
    source = str(episode(parts=1))
    analyze = "analyze duplication.duplications, _duplication.attempts"
    db.execute("update duplication.settings set max_active = 1")
    if analyzed == "when it was empty":
        db.execute(analyze)

    def cost(count: int) -> dict[str, int]:
        add_history(db, count)
        if analyzed == "as it is":
            db.execute(analyze)
        assert db.execute("select * from _duplication.dispatch_jobs()").fetchall() == []
        db.execute("update duplication.settings set max_active = max_active + 1")
        wanted = value(db, "select duplication.request_duplication('episode', %s)", source)

        def begin() -> None:
            query = "select attempt from _duplication.begin_attempt(%s, 'episodes', 'm', 'w') where decision = 'run'"
            value(db, "select _duplication.end_attempt(%s, 'stopped')", value(db, query, wanted))

        begin()
        dispatched = measure(db, lambda: db.execute("select * from _duplication.dispatch_jobs()").fetchall())
        begun = measure(db, begin)
        return {
            "dispatch_jobs": max(each.buffers for text, each in dispatched.items() if "dispatch_jobs" in text),
            "begin_attempt": max(each.buffers for text, each in begun.items() if "begin_attempt" in text),
        }

    value(db, "select duplication.request_duplication('episode', %s)", source)
    db.execute("select * from _duplication.dispatch_jobs()")
    few, many = cost(500), cost(10000)

    for name in few:
        assert many[name] <= few[name] + 30, name

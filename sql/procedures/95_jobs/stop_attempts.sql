create or replace function _duplication.stop_attempts(p_worker text) returns integer
language sql
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: ask the calls of a worker's jobs to return at their next step, whatever their budget.
    -- Parameters: p_worker, as in begin_attempt.
    -- Returns: how many attempts were asked.
    -- Locks: these attempts' rows, until commit. Does not commit.
    with asked as (
        update _duplication.attempts as a
        set stop_requested = true
        where a.worker = p_worker and a.ended_at is null
        returning a.id
    )

    select count(*)::integer from asked;
$$;

create or replace function duplication.dispatch_jobs(
    p_limit integer default 100
) returns table (duplication_id bigint, level text)
language sql
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the jobs that are to be sent to the queue. The record is the outbox: call this in a transaction, send the
    --   messages, then commit; after a crash in between they are sent again, which is harmless.
    -- Parameters: p_limit, how many at most.
    -- Returns: a row per job: its duplication and level.
    -- Locks: the duplications' rows, until commit; skips those that another session is dispatching. Does not commit.
    with due as (
        select d.id
        from duplication.duplications as d
        where d.driven_by = 'queue' and d.status = 'pending' and d.dispatched_at is null
        order by d.id
        limit p_limit
        for no key update skip locked
    )

    update duplication.duplications as d
    set dispatched_at = clock_timestamp()
    from due
    where d.id = due.id
    returning d.id, duplication.next_level(d.id);
$$;

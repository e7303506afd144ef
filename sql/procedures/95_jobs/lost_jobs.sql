create or replace function _duplication.lost_jobs(p_limit integer, p_seen_empty interval) returns setof bigint
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the duplications whose job was sent long ago and got lost. A long time alone is no proof: the queue may be
--   long, or unread. The proof is that the queue was empty since, or has delivered jobs that were sent much later.
-- Parameters: p_limit, how many at most; p_seen_empty, how long ago the queue had no message, null if not known.
-- Locks: their rows, until commit; rows that another session has locked are left out. Does not commit.
declare
    v_resend_after interval := (select s.resend_after from duplication.settings as s);
    v_oldest timestamptz;
    v_arrived timestamptz;
begin
    select d.dispatched_at into v_oldest
    from duplication.duplications as d
    where d.driven_by = 'queue' and d.traits ? 'active' and d.not_before is null
    order by d.dispatched_at
    limit 1;
    -- this reads all attempts of that time, so it is done only when a job was sent long ago
    if v_oldest < clock_timestamp() - v_resend_after then
        select greatest(clock_timestamp() - p_seen_empty, max(o.dispatched_at)) into v_arrived
        from _duplication.attempts as a
        cross join lateral (
            select e.dispatched_at
            from duplication.duplications as e
            where e.id = a.duplication_id
            offset 0
        ) as o
        -- in a subquery the clock is read only once, so that the comparison can use an index
        where a.started_at > (select clock_timestamp() - v_resend_after)
            and a.started_at <= (select clock_timestamp()) and o.dispatched_at < a.started_at;
    end if;
    return query
    select d.id
    from duplication.duplications as d
    where d.driven_by = 'queue' and d.traits ? 'active' and d.not_before is null
        and d.dispatched_at < v_arrived - v_resend_after
        and not exists (
            select from _duplication.attempts as a
            where a.duplication_id = d.id and a.ended_at is null
            offset 0
        )
    order by d.dispatched_at
    limit p_limit
    for no key update skip locked;
end;
$$;

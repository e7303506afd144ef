create or replace function _duplication.due_jobs(p_limit integer) returns setof bigint
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the duplications whose job is to be sent now: those that have waited, then those never sent.
-- Parameters: p_limit, how many at most.
-- Locks: their rows, until commit; skips those that somebody else has. Does not commit.
begin
    return query
    with waited as (
        select d.id
        from duplication.duplications as d
        -- a clock in a subquery is read once, and so can be looked up in an index
        where d.not_before <= (select clock_timestamp())
        order by d.not_before
        limit p_limit
        for no key update skip locked
    ),

    never_sent as (
        select d.id
        from duplication.duplications as d
        where d.driven_by = 'queue' and d.traits ? 'active'
            and d.dispatched_at is null and d.not_before is null
        order by d.id
        limit p_limit
        for no key update skip locked
    )

    select w.id from waited as w
    union all
    select n.id from never_sent as n
    limit p_limit;
end;
$$;

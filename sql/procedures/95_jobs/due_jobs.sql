create or replace function _duplication.due_jobs(p_limit integer) returns setof bigint
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the duplications whose job is to be sent now: first those whose wait is over, then those never sent.
-- Parameters: p_limit, how many at most.
-- Locks: their rows, until commit; rows that another session has locked are left out. Does not commit.
begin
    return query
    with waited as (
        select d.id
        from duplication.duplications as d
        -- in a subquery the clock is read only once, so that the comparison can use an index
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

create or replace function _duplication.check_throttle(p_tree text, out reason text, out wait interval)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the gate 'throttle': hold a tree's jobs back after settings.throttle_failures transient failures in a short
--   time, on whichever workers. More attempts would not remove the cause.
-- Parameters: p_tree.
-- Returns: the reason to wait, and how long: until the window has fewer failures; both null if it has fewer already.
begin
    select
        format('%s transient failures of tree %s within %s s', s.throttle_failures, p_tree, date_part('epoch', s.throttle_window)),
        f.ended_at + s.throttle_window - clock_timestamp()
    into reason, wait
    from duplication.settings as s
    cross join lateral (
        select a.ended_at
        from _duplication.attempts as a
        cross join lateral (
            select e.tree
            from duplication.duplications as e
            where e.id = a.duplication_id
            offset 0
        ) as d
        -- in a subquery the clock is read only once, so that the comparison can use an index
        where a.outcome in ('transient', 'lost') and d.tree = p_tree
            and a.ended_at > (select clock_timestamp() - s.throttle_window) and a.ended_at <= (select clock_timestamp())
        order by a.ended_at desc
        offset s.throttle_failures - 1
        limit 1
    ) as f;
end;
$$;

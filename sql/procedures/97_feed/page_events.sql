create or replace function _duplication.page_events(
    p_told pg_snapshot, p_telling pg_snapshot, p_event bigint, p_limit integer, p_id bigint
) returns table (event_cursor text, duplication_id bigint, type text, payload jsonb, created_at timestamptz)
language plpgsql stable
-- a reader who is up to date needs a plan by transaction, a reader far behind one by number
set plan_cache_mode to force_custom_plan
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: a page of the events that a snapshot sees and an earlier snapshot did not.
-- Parameters: p_told, the earlier snapshot; p_telling, the later one; p_event, the number of the last of these events
--   that the reader has, 0 for none; p_limit, how many at most; p_id, one duplication, null for all.
-- Returns: the events in the order of their numbers, each with the cursor of a reader who has seen it.
declare
    v_running xid8[] := array(select s.xid from pg_snapshot_xip(p_told) as s (xid));
    v_begun xid8 := pg_snapshot_xmax(p_told);
    v_home text := _duplication.feed_id();
begin
    return query
    select
        case
            when p.number < lead(p.number) over (order by p.number) then format('%s/%s/%s@%s', p_told, p_telling, p.number, v_home)
            else format('%s@%s', p_telling, v_home)
        end,
        p.duplication_id, p.type, p.payload, p.created_at
    from (
        select e.id as number, e.duplication_id, e.type, e.payload, e.created_at
        from duplication.events as e
        where (e.xid >= v_begun or e.xid = any (v_running))
            and e.id > p_event
            and (p_id is null or e.duplication_id = p_id)
            and pg_visible_in_snapshot(e.xid, p_telling)
        order by e.id
        -- one row more than the page: without it, the page is the last
        limit p_limit + 1
    ) as p
    order by p.number
    limit p_limit;
end;
$$;

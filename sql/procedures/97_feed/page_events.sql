create or replace function _duplication.page_events(
    p_told pg_snapshot, p_telling pg_snapshot, p_event bigint, p_limit integer, p_id bigint
) returns table (event_cursor text, duplication_id bigint, type text, payload jsonb, created_at timestamptz)
language plpgsql stable
-- one plan for a reader who is up to date (by transaction), another for one far behind (by number)
set plan_cache_mode to force_custom_plan
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the events that one snapshot sees and an earlier one did not, a page of them.
-- Parameters: p_told, the earlier one; p_telling, the later one; p_event, the last number told of these, 0 for none; p_limit,
--   the most to return; p_id, one duplication, null for all.
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
        -- one more, to know whether this is the end
        limit p_limit + 1
    ) as p
    order by p.number
    limit p_limit;
end;
$$;

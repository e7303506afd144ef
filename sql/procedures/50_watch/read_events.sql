create or replace function duplication.read_events(
    p_after text default null, p_limit integer default 500, p_id bigint default null
) returns table (event_cursor text, duplication_id bigint, type text, payload jsonb, created_at timestamptz)
language plpgsql stable
-- an application needs no rights on the engine's tables
security definer
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the feed from a cursor on, in order. Numbers become visible out of order, the higher one before the lower; so
--   only what lies below the oldest running transaction is told: late after a long one, never lost.
-- Parameters: p_after, the cursor of the last event seen, '0-0' for all there is; p_limit, the most events to return; p_id,
--   one duplication, null for all.
-- Returns: the events. Or, first and alone, one of type 'reset', for a reader without a cursor, or whose cursor is older
--   than what was purged, or of another database: who keeps a state loads it anew, and goes on from the event's cursor.
-- Errors: UD016.
declare
    v_snapshot pg_snapshot := pg_current_snapshot();
    v_after record;
begin
    select c.* into v_after from duplication.parse_cursor(p_after) as c;
    if p_after is null or v_after.xid > pg_snapshot_xmax(v_snapshot) or exists (
        select from duplication.feed as f
        where (v_after.xid, v_after.event) < (f.purged_xid, f.purged_event)
    ) then
        return query select duplication.feed_position(), null::bigint, 'reset', '{}'::jsonb, clock_timestamp();
        return;
    end if;
    if p_id is not null then
        return query
        select format('%s-%s', e.xid, e.id), e.duplication_id, e.type, e.payload, e.created_at
        from duplication.events as e
        where e.duplication_id = p_id and (e.xid, e.id) > (v_after.xid, v_after.event)
            and e.xid < pg_snapshot_xmin(v_snapshot)
        order by e.xid, e.id
        limit p_limit;
        return;
    end if;
    return query
    select format('%s-%s', e.xid, e.id), e.duplication_id, e.type, e.payload, e.created_at
    from duplication.events as e
    where (e.xid, e.id) > (v_after.xid, v_after.event) and e.xid < pg_snapshot_xmin(v_snapshot)
    order by e.xid, e.id
    limit p_limit;
end;
$$;

create or replace function _duplication.purge_events(p_after bigint) returns bigint
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: delete a batch of the events that are older than settings.purge_events_after, by number, up to a younger
--   one: numbers follow time, so no index on times is needed. Events that the oldest running transaction may not see
--   stay: a cursor may be before them, and their space would not be free before that transaction ends anyway.
-- Parameters: p_after, the last event deleted before, 0 for none.
-- Returns: the last event deleted, null if the next one is not old.
-- Locks: the deleted events, until commit. Does not commit.
declare
    v_before timestamptz := (select clock_timestamp() - s.purge_events_after from duplication.settings as s);
    v_seen_by_all xid8 := pg_snapshot_xmin(pg_current_snapshot());
    v_last bigint;
begin
    if v_before is null then
        return null;
    end if;
    select max(o.id) into v_last
    from (
        select e.id, every(e.created_at <= v_before and e.xid < v_seen_by_all) over (order by e.id) as old
        from (
            select e.id, e.created_at, e.xid
            from duplication.events as e
            where e.id > p_after
            order by e.id
            limit (select s.batch_rows from duplication.settings as s)
        ) as e
    ) as o
    where o.old;
    -- an event that became visible since the query above may be young, so the conditions are repeated
    with deleted as (
        delete from duplication.events as e
        where e.id > p_after and e.id <= v_last and e.created_at <= v_before and e.xid < v_seen_by_all
        returning e.xid
    ),

    last as (select d.xid from deleted as d order by d.xid desc limit 1)

    update _duplication.installation as i
    set purged_xid = l.xid
    from last as l
    where l.xid > i.purged_xid;
    return v_last;
end;
$$;

create or replace function duplication.feed_lag() returns interval
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: how long an event has been waiting to be told, since a transaction older than it still runs.
    select coalesce(clock_timestamp() - min(e.created_at), '0 s')
    from duplication.events as e
    where e.xid >= pg_snapshot_xmin(pg_current_snapshot());
$$;

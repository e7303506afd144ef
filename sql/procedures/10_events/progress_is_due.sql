create or replace function _duplication.progress_is_due(p_reported_at timestamptz) returns boolean
language plpgsql volatile
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: whether progress may be told again: twice a second is often enough.
-- Parameters: p_reported_at, when it was told; null for never.
-- Returns: whether it is that long ago; also if the clock was moved back since.
begin
    return coalesce(clock_timestamp() not between p_reported_at and p_reported_at + interval '0.5 s', true);
end;
$$;

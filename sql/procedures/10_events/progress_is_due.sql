create or replace function _duplication.progress_is_due(p_reported_at timestamptz) returns boolean
language plpgsql volatile
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: whether progress should be told again. Twice a second is enough.
-- Parameters: p_reported_at, when progress was last told; null for never.
-- Returns: true if half a second has passed since then, or if the clock was moved back.
begin
    return coalesce(clock_timestamp() not between p_reported_at and p_reported_at + interval '0.5 s', true);
end;
$$;

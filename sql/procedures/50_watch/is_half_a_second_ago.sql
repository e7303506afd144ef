create or replace function duplication.is_half_a_second_ago(p_told_at timestamptz) returns boolean
language plpgsql volatile
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: whether progress may be told again: twice a second is often enough.
-- Parameters: p_told_at, when it was told; null for never.
-- Returns: whether it is that long ago; also if the clock was moved back since.
begin
    return coalesce(clock_timestamp() not between p_told_at and p_told_at + interval '0.5 s', true);
end;
$$;

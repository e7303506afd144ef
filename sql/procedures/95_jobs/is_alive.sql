create or replace function _duplication.is_alive(p_attempt _duplication.attempts) returns boolean
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: whether an attempt's session still works on its job: the lease runs, and the backend is there. What happens to
--   the session of another role cannot be seen; then the lease alone tells. One that ends later than it may was given
--   before the clock was moved back.
-- Parameters: p_attempt.
begin
    return p_attempt.ended_at is null and exists (
        select from duplication.settings as s
        where p_attempt.lease_ends_at between clock_timestamp() and clock_timestamp() + s.lease
    ) and exists (
        select from pg_stat_get_activity(p_attempt.backend_pid) as s
        -- a number is given to another backend sooner or later
        where coalesce(s.backend_start = p_attempt.backend_start, true)
    );
end;
$$;

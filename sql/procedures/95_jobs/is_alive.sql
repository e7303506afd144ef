create or replace function _duplication.is_alive(p_attempt _duplication.attempts) returns boolean
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: whether an attempt's session still works on its job: the lease has not run out, and the backend is there.
--   Where the session of another role cannot be seen, the lease alone decides. A lease that ends too late was given
--   before the clock was moved back, and does not count.
-- Parameters: p_attempt.
begin
    return p_attempt.ended_at is null and exists (
        select from duplication.settings as s
        where p_attempt.lease_ends_at between clock_timestamp() and clock_timestamp() + s.lease
    ) and exists (
        select from pg_stat_get_activity(p_attempt.backend_pid) as s
        -- another backend may have got the process id since
        where coalesce(s.backend_start = p_attempt.backend_start, true)
    );
end;
$$;

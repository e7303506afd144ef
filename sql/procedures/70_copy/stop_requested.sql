create or replace function _duplication.stop_requested(p_id bigint) returns boolean
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: whether a worker that is at work on a duplication wants to end. All sessions of the duplication
--   then stop; a session of another worker calls again.
-- Parameters: p_id.
begin
    return exists (
        select from _duplication.attempts as a
        where a.duplication_id = p_id and a.ended_at is null and a.stop_requested
    );
end;
$$;

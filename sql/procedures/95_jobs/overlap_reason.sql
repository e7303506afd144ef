create or replace function _duplication.overlap_reason(p_attempt _duplication.attempts) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the gate 'overlap': whether another attempt is at work on the same job, so that a second delivery does not
--   double the load. If the other session ends, the dispatcher sends the job again.
-- Parameters: p_attempt.
-- Returns: the reason to wait; null if no other attempt is at work on the job.
begin
    return (
        select format('worker %s is at work on it', a.worker)
        from _duplication.attempts as a
        where a.duplication_id = p_attempt.duplication_id and a.level = p_attempt.level and a.ended_at is null
            and a.id <> p_attempt.id and _duplication.is_alive(a)
        limit 1
    );
end;
$$;

create or replace function _duplication.end_lost_attempts() returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: end the attempts whose session has ended or whose lease has run out, and schedule retries, so that another
--   worker takes their jobs over.
-- Locks: the rows of these attempts and their duplications, until commit. Does not commit.
declare
    v_attempt _duplication.attempts;
begin
    for v_attempt in
        select a.*
        from _duplication.attempts as a
        where a.ended_at is null and not _duplication.is_alive(a)
        for no key update skip locked
    loop
        update _duplication.attempts as a
        set
            ended_at = clock_timestamp(), outcome = 'lost',
            error = jsonb_build_object(
                'sqlstate', '08006',
                'message', format('worker %s was lost', v_attempt.worker),
                'detail', format('Its backend was %s.', v_attempt.backend_pid),
                'hint', 'The logs of worker and server may tell why: killed, out of memory, cut off.'
            )
        where a.id = v_attempt.id
        returning a.* into v_attempt;
        -- another attempt may be at work on the duplication already
        if not exists (
            select from _duplication.attempts as a
            where a.duplication_id = v_attempt.duplication_id and a.ended_at is null and _duplication.is_alive(a)
        ) then
            perform _duplication.schedule_retry(v_attempt);
        end if;
    end loop;
end;
$$;

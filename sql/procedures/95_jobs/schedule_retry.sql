create or replace function _duplication.schedule_retry(p_attempt _duplication.attempts) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: after a transient failure let the job wait, twice as long each time; after the last of max_attempts fail the
--   duplication. Failures count from the last batch that was copied: a job that comes on does not fail.
-- Parameters: p_attempt, that failed, with its error.
-- Locks: the duplication's row, until commit. Does not commit.
declare
    v_max integer := (select s.max_attempts from duplication.settings as s);
    v_failures integer;
begin
    select count(*) into v_failures
    from _duplication.attempts as a
    inner join duplication.duplications as d on d.id = a.duplication_id
    where a.duplication_id = p_attempt.duplication_id and a.outcome in ('transient', 'lost')
        and a.ended_at > coalesce(greatest(d.failed_at, (
            select max(b.ended_at)
            from _duplication.batches as b
            where b.duplication_id = p_attempt.duplication_id
                -- what the future holds, after the clock was moved back, was not before this
                and b.ended_at <= clock_timestamp()
        )), '-infinity');
    if v_failures >= v_max then
        perform _duplication.fail_duplication(
            p_attempt.duplication_id, jsonb_build_object('level', p_attempt.level) || p_attempt.error
        );
        return;
    end if;
    perform _duplication.postpone(
        p_attempt.duplication_id,
        format('failure %s of %s: %s', v_failures, v_max, p_attempt.error ->> 'message'),
        -- a session that was lost is replaced at once, unless that happens again
        case when v_failures > 1 or p_attempt.outcome = 'transient' then _duplication.backoff(v_failures) else '0 s' end
    );
end;
$$;

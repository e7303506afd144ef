create or replace function _duplication.schedule_retry(p_attempt _duplication.attempts) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: after a transient failure postpone the duplication, twice as long each time; after settings.max_attempts
--   failures fail it. Only failures since the last copied batch count: a job that makes progress does not fail.
-- Parameters: p_attempt, the one that failed, with its error.
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
                -- after the clock was moved back, a batch may seem to end in the future
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
        -- the job of a lost session is sent again at once, unless that was not the first failure
        case when v_failures > 1 or p_attempt.outcome = 'transient' then _duplication.backoff(v_failures) else '0 s' end
    );
end;
$$;

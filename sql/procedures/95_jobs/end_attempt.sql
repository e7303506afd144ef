create or replace function _duplication.end_attempt(
    p_attempt bigint, p_outcome text, p_error jsonb default null, p_next_sent boolean default true
) returns text
language plpgsql
set search_path to pg_catalog, pg_temp
set plan_cache_mode to force_generic_plan
as $$
-- Purpose: end an attempt that ran. A transient error schedules a retry. A lasting error fails the duplication, in case
--   the procedure that copies could not record that itself, as when a commit fails.
-- Parameters: p_attempt; p_outcome: 'done', 'released' (given back to the queue), 'stopped', 'transient' or 'lasting';
--   p_error, with the last two, at least its sqlstate and message; p_next_sent, with 'done': whether the next level's
--   job is in the queue (else the dispatcher sends it).
-- Returns: the duplication's status afterwards.
-- Errors: UD016 if there is no such attempt in progress, no such outcome, or its error is missing.
-- Locks: the attempt's row and the duplication's, until commit, which is asynchronous after 'done' and 'released'. Does
--   not commit.
declare
    v_attempt _duplication.attempts;
begin
    perform _duplication.check_outcome(p_outcome, p_error);
    v_attempt := _duplication.find_attempt(p_attempt);
    -- an attempt that was taken for lost may still end
    if v_attempt.ended_at is not null and v_attempt.outcome <> 'lost' then
        raise exception using
            errcode = 'UD016',
            message = format('attempt %s is not in progress', p_attempt),
            hint = 'An attempt is begun once and ended once.';
    end if;
    update _duplication.attempts as a
    set ended_at = clock_timestamp(), outcome = p_outcome, error = p_error
    where a.id = p_attempt
    returning a.* into v_attempt;

    if p_outcome in ('done', 'released') then
        -- after a crash that loses this commit, the job is sent once more, which is harmless
        perform set_config('synchronous_commit', 'off', true);
        update duplication.duplications as d
        set dispatched_at = case when p_next_sent then clock_timestamp() end
        where d.id = v_attempt.duplication_id and d.traits ? 'active';
    elsif p_outcome = 'transient' then
        perform _duplication.schedule_retry(v_attempt);
    elsif p_outcome = 'lasting' then
        perform _duplication.fail_duplication(
            v_attempt.duplication_id, jsonb_build_object('level', v_attempt.level) || p_error
        );
    end if;
    return (_duplication.find_duplication(v_attempt.duplication_id)).status;
end;
$$;

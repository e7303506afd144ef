create or replace function duplication.end_attempt(
    p_attempt bigint, p_outcome text, p_error jsonb default null
) returns text
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: record what came of a job, and let the duplication fail where that follows: after a lasting error (met where
--   the level's procedure could not record it, such as at a commit), or the last of max_attempts transient ones.
-- Parameters: p_attempt; p_outcome: 'done', 'released', 'later', 'stopped', 'transient' or 'lasting';
--   p_error, at least its sqlstate and message, with the last two.
-- Returns: the duplication's status afterwards.
-- Errors: UD016 if there is no such attempt in progress, no such outcome, or its error is missing. Does not commit.
declare
    v_attempt duplication.attempts;
begin
    if p_outcome is null or p_outcome not in ('done', 'released', 'later', 'stopped', 'transient', 'lasting') then
        raise exception using
            errcode = 'UD016',
            message = format('there is no outcome %s', coalesce(quote_literal(p_outcome), 'null')),
            hint = 'Outcomes: done, released, later, stopped, transient, lasting.';
    elsif p_outcome in ('transient', 'lasting') and not coalesce(p_error ?& array['sqlstate', 'message'], false) then
        raise exception using
            errcode = 'UD016',
            message = format('outcome %s comes without its error', p_outcome),
            hint = 'Give p_error an object with at least sqlstate and message.';
    end if;
    update duplication.attempts as a
    set ended_at = clock_timestamp(), outcome = p_outcome, error = p_error
    where a.id = p_attempt and a.ended_at is null
    returning a.* into v_attempt;
    if not found then
        raise exception using
            errcode = 'UD016',
            message = format('there is no attempt %s in progress', p_attempt),
            hint = 'An attempt is begun once and ended once.';
    end if;
    if p_outcome = 'lasting' or (
        p_outcome = 'transient' and (
            select count(*) >= (select s.max_attempts from duplication.settings as s)
            from duplication.attempts as a
            inner join duplication.duplications as d on d.id = a.duplication_id
            where a.duplication_id = v_attempt.duplication_id and a.outcome = 'transient'
                and a.started_at > coalesce(d.failed_at, '-infinity')
        )
    ) then
        perform duplication.fail_duplication(
            v_attempt.duplication_id, jsonb_build_object('level', v_attempt.level) || p_error
        );
    end if;
    return (duplication.find_duplication(v_attempt.duplication_id)).status;
end;
$$;

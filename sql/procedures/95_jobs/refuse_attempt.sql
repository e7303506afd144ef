create or replace function _duplication.refuse_attempt(
    p_attempt _duplication.attempts, p_decision text, p_reason text, p_wait interval
) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: end an attempt that a gate did not let run.
-- Parameters: p_attempt; p_decision, 'later' or 'stop'; p_reason; p_wait, after which the job is sent again, null if it
--   need not be sent.
-- Locks: the attempt's row and the duplication's, until commit. Does not commit.
begin
    update _duplication.attempts as a
    set
        ended_at = clock_timestamp(), reason = p_reason,
        outcome = case p_decision when 'stop' then 'stopped' else 'later' end
    where a.id = p_attempt.id;
    if p_wait is not null then
        perform _duplication.postpone(p_attempt.duplication_id, p_reason, p_wait);
    end if;
end;
$$;

create or replace function _duplication.check_gates(
    p_attempt _duplication.attempts,
    p_cpu_percent numeric,
    out decision text,
    out reason text,
    out wait interval,
    out gate text
)
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: ask the gates whether a delivered job may run now. The status and overlap gates come first: a job with
--   nothing to do need not wait. The slots come last, since a job that passes that gate takes a slot.
-- Parameters: p_attempt, recorded already; p_cpu_percent, null if it is not known.
-- Returns: decision: 'run', 'later' or 'stop'; reason; wait, null if the job need not be sent at a set time; gate, the
--   one that decided: 'status', 'overlap', 'wait', 'flag', 'load', 'throttle' or 'slots', null for 'run'.
declare
    v_duplication duplication.duplications := _duplication.find_duplication(p_attempt.duplication_id);
begin
    decision := 'stop';
    gate := 'status';
    reason := _duplication.stop_reason(v_duplication, p_attempt.level);
    if reason is not null then
        return;
    end if;
    decision := 'later';
    gate := 'overlap';
    reason := _duplication.overlap_reason(p_attempt);
    if reason is not null then
        return;
    end if;
    if v_duplication.not_before > clock_timestamp() then
        gate := 'wait';
        reason := v_duplication.waiting_reason;
        wait := v_duplication.not_before - clock_timestamp();
        return;
    end if;
    select c.reason, c.wait, c.gate into reason, wait, gate from _duplication.check_admission(p_cpu_percent) as c;
    if reason is null then
        gate := 'throttle';
        select c.reason, c.wait into reason, wait from _duplication.check_throttle(v_duplication.tree) as c;
    end if;
    if reason is null then
        gate := 'slots';
        select c.reason, c.wait into reason, wait from _duplication.check_slots(v_duplication.id) as c;
    end if;
    if reason is null then
        decision := 'run';
        gate := null;
    end if;
end;
$$;

create or replace function _duplication.renew_lease(
    p_attempt bigint,
    p_cpu_percent numeric default null,
    out decision text,
    out reason text,
    out wait interval,
    out gate text
)
language plpgsql
set search_path to pg_catalog, pg_temp
set plan_cache_mode to force_generic_plan
as $$
-- Purpose: between two calls of a job: renew its lease, and decide whether it may go on.
-- Parameters: p_attempt; p_cpu_percent as in begin_attempt.
-- Returns: decision, reason, wait and gate, as begin_attempt.
-- Errors: UD016 if there is no such attempt.
-- Locks: the attempt's row, until commit. Does not commit.
declare
    v_attempt _duplication.attempts := _duplication.find_attempt(p_attempt);
begin
    if v_attempt.ended_at is not null then
        decision := 'stop';
        gate := 'overlap';
        reason := 'its lease had run out, and its job was sent again';
        return;
    end if;
    update _duplication.attempts as a
    set
        lease_ends_at = clock_timestamp() + s.lease,
        -- behind a pooler, the next call may run in another backend
        backend_pid = pg_backend_pid(),
        backend_start = b.backend_start
    from duplication.settings as s
    cross join pg_stat_get_activity(pg_backend_pid()) as b
    where a.id = p_attempt;

    decision := 'stop';
    gate := 'status';
    reason := _duplication.stop_reason(_duplication.find_duplication(v_attempt.duplication_id), v_attempt.level);
    if reason is null then
        decision := 'later';
        select c.reason, c.wait, c.gate into reason, wait, gate from _duplication.check_admission(p_cpu_percent) as c;
    end if;
    if reason is null then
        decision := 'run';
    else
        perform _duplication.refuse_attempt(v_attempt, decision, reason, wait);
    end if;
end;
$$;

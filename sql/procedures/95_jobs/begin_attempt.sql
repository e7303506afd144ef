create or replace function _duplication.begin_attempt(
    p_id bigint,
    p_level text,
    p_message_id text,
    p_worker text,
    p_cpu_percent numeric default null,
    out attempt bigint,
    out decision text,
    out reason text,
    out wait interval,
    out gate text
)
language plpgsql
set search_path to pg_catalog, pg_temp
set jit to off
set enable_seqscan to off
set plan_cache_mode to force_generic_plan
as $$
-- Purpose: record that a job was delivered to a worker, and decide whether it may run now.
-- Parameters: p_id, p_level, the job; p_message_id, its message in the queue; p_worker, a name for the worker;
--   p_cpu_percent of the database's machine, null if it is not known.
-- Returns: attempt, for renew_lease and end_attempt; decision: 'run', 'later' (the reason is recorded, and the
--   dispatcher sends the job again) or 'stop' (there is nothing to do); 'later' and 'stop' end the attempt; reason, for
--   people, null for 'run'; wait, after which the job is sent again, null if it need not be sent; gate, the one that
--   decided, see check_gates.
-- Errors: UD002, UD003. Does not commit.
-- Locks: one advisory lock for all beginning attempts, until commit, so that what the gates have counted stays true.
declare
    v_attempt _duplication.attempts;
begin
    if not _duplication.has_level(p_id, p_level) then
        perform _duplication.resolve_level((_duplication.find_duplication(p_id)).tree, p_level);
    end if;
    perform pg_advisory_xact_lock(_duplication.lock_key('attempts'));
    insert into _duplication.attempts (duplication_id, level, message_id, worker, lease_ends_at, backend_start)
    select p_id, p_level, p_message_id, p_worker, clock_timestamp() + s.lease, b.backend_start
    from duplication.settings as s
    cross join pg_stat_get_activity(pg_backend_pid()) as b
    returning * into v_attempt;
    attempt := v_attempt.id;
    select g.decision, g.reason, g.wait, g.gate into decision, reason, wait, gate
    from _duplication.check_gates(v_attempt, p_cpu_percent) as g;
    if decision = 'run' then
        -- a crash that loses this commit ends the attempt, too
        perform set_config('synchronous_commit', 'off', true);
        update duplication.duplications as d
        set not_before = null, waiting_reason = null
        where d.id = p_id and d.not_before is not null;
    else
        perform _duplication.refuse_attempt(v_attempt, decision, reason, wait);
    end if;
end;
$$;

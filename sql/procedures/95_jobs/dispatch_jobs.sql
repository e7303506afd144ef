create or replace function _duplication.dispatch_jobs(
    p_limit integer default 100, p_cpu_percent numeric default null, p_seen_empty interval default null
) returns table (duplication_id bigint, level text)
language plpgsql
set search_path to pg_catalog, pg_temp
set jit to off
set enable_seqscan to off
set plan_cache_mode to force_generic_plan
as $$
-- Purpose: choose the jobs to send to the queue: never sent, due again, or lost on the way. Call this in a transaction,
--   send the messages, then commit. After a crash in between the messages are sent again, which is harmless. The queue
--   holds no more jobs than may be at work: the backlog stays in the table.
-- Parameters: p_limit, how many at most; p_cpu_percent as in begin_attempt; p_seen_empty, how long ago a worker found
--   the queue empty, null if that is not known.
-- Returns: a row per job: its duplication and level. None while another session dispatches.
-- Locks: the dispatchers' advisory lock and the duplications' rows, until commit, an asynchronous one. Does not commit.
declare
    v_due bigint[];
    v_reason text;
    v_wait interval;
begin
    if not pg_try_advisory_xact_lock(_duplication.lock_key('dispatch')) then
        return;
    end if;
    -- after a crash that loses this commit, the jobs are sent once more
    perform set_config('synchronous_commit', 'off', true);
    -- a dispatcher that hangs before its commit must not hold up the others
    perform set_config('idle_in_transaction_session_timeout', '60s', true);
    perform _duplication.handle_clock_skew();
    perform _duplication.end_lost_attempts();
    v_due := array(select j.id from _duplication.due_jobs(least(p_limit, _duplication.free_slots())) as j (id));
    if v_due <> '{}' then
        select c.reason, c.wait into v_reason, v_wait from _duplication.check_admission(p_cpu_percent) as c;
    end if;
    if v_reason is not null then
        perform _duplication.postpone(j.id, v_reason, v_wait) from _duplication.due_jobs(p_limit) as j (id);
        return;
    end if;
    v_due := v_due || array(select j.id from _duplication.lost_jobs(p_limit, p_seen_empty) as j (id));
    return query
    update duplication.duplications as d
    set dispatched_at = clock_timestamp(), not_before = null, waiting_reason = null
    where d.id = any(v_due)
    returning d.id, _duplication.next_level(d.id);
end;
$$;

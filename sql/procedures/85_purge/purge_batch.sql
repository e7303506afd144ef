create or replace function _duplication.purge_batch(
    inout p_event bigint, inout p_id bigint, inout p_number bigint, out outcome text
)
language plpgsql
set search_path to pg_catalog, pg_temp
-- as in advance_level
set jit to off
set enable_seqscan to off
as $$
-- Purpose: delete a batch of old events, and a batch of the plan of a duplication that has long been over.
-- Parameters: p_event, p_id and p_number, as the batch before has returned them; null for the first. The search goes on
--   behind them: claim_pieces says why.
-- Returns: p_event, the last event deleted; p_id, the duplication; p_number, the last row of its plan deleted, null if
--   none is left; outcome: 'purged' (call again), 'wait' (another session purges, or is about to discard what is
--   left), 'none' (nothing old is left).
-- Locks: one advisory lock for all purges, and the duplication's row, until commit: its discard waits. Does not commit.
declare
    v_event bigint;
    v_id bigint;
begin
    if not pg_try_advisory_xact_lock(_duplication.lock_key('purge')) then
        outcome := 'wait';
        return;
    end if;
    perform _duplication.set_lock_timeout();
    -- if a crash loses this commit, the next purge deletes the same rows again
    set local synchronous_commit to off;

    v_event := _duplication.purge_events(coalesce(p_event, 0));
    p_event := coalesce(v_event, p_event);
    v_id := _duplication.claim_duplication_to_purge(p_id);
    if v_id is not null then
        p_number := _duplication.purge_plan(v_id, case when v_id = p_id then p_number end);
        p_id := v_id;
    end if;
    outcome := case
        when v_event is not null or v_id is not null then 'purged'
        when _duplication.next_to_purge() is not null then 'wait'
        else 'none'
    end;
end;
$$;

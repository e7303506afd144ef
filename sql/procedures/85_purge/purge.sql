create or replace procedure duplication.purge(p_budget interval default null, inout p_done boolean default null)
language plpgsql
as $$
-- Locks: those of purge_batch, each until the end of its batch.
-- Commits: see duplicate_level for what that forbids.
declare
    v_period tstzrange;
    v_outcome text;
    v_event bigint;
    v_id bigint;
    v_number bigint;
begin
    call _duplication.check_outside_transaction();
    loop
        commit;
        set transaction isolation level read committed;
        set local search_path to pg_catalog, pg_temp;
        v_period := coalesce(v_period, _duplication.call_period(p_budget));
        exit when v_outcome in ('wait', 'none') or (v_outcome is not null and not v_period @> clock_timestamp());
        select b.outcome, b.p_event, b.p_id, b.p_number into v_outcome, v_event, v_id, v_number
        from _duplication.purge_batch(v_event, v_id, v_number) as b;
    end loop;
    p_done := v_outcome = 'none';
end;
$$;
comment on procedure duplication.purge (interval, boolean) is
'Delete, batch by batch, what settings.purge_after and settings.purge_events_after say is old: the plans of duplications
that are over, and events. The copies stay, and so do the figures of progress. After an interruption, call it again: it
goes on. If several sessions call it at once, one of them works and the others return.

Parameters
  p_budget: interval, after which the call returns at the next batch; null, the default: when nothing old is left.
  p_done: boolean, out: whether nothing old is left; false also if another session works on what is left.
Returns: p_done.
Errors: UD016 (a bad budget).
Commits: each batch, so it has to be called outside of a transaction (else UD015).
Rights: EXECUTE, and those of a worker in _duplication.
Example: call duplication.purge();';

create or replace procedure duplication.discard(
    p_id bigint, p_budget interval default null, inout p_done boolean default null
)
language plpgsql
as $$
-- Locks: those of discard_batch, each until the end of its batch.
-- Commits: see duplicate_level for what that forbids.
declare
    v_period tstzrange;
    v_level text;
    v_batch_no integer;
    v_duplication duplication.duplications;
begin
    call _duplication.check_outside_transaction();
    commit;
    set transaction isolation level read committed;
    set local search_path to pg_catalog, pg_temp;
    v_period := _duplication.call_period(p_budget);
    perform _duplication.start_discard(p_id);
    loop
        commit;
        set transaction isolation level read committed;
        set local search_path to pg_catalog, pg_temp;
        exit when v_level is not null and not v_period @> clock_timestamp();
        select b.p_level, b.p_batch_no into v_level, v_batch_no
        from _duplication.discard_batch(p_id, v_level, v_batch_no) as b;
        exit when v_batch_no is null;
        perform _duplication.check_deferred_constraints(p_id);
    end loop;
    v_duplication := _duplication.find_duplication(p_id);
    p_done := v_duplication.traits ? 'deleted';
    raise notice 'duplication % is %', p_id, v_duplication.status;
end;
$$;
comment on procedure duplication.discard (bigint, interval, boolean) is
'Delete a copy, batch by batch, in the reverse of the order of copying. After an interruption, call it again: it goes
on.

Parameters
  p_id: bigint, a duplication that is completed, failed or cancelled.
  p_budget: interval, after which the call returns at the next batch; null, the default: when the copy is deleted.
  p_done: boolean, out: whether the copy is deleted.
Returns: p_done.
Errors: UD003 (unknown duplication), UD007 (the status does not allow it), UD013 (rows outside refer to the copy), UD016
  (a bad budget); whatever the constraints and triggers of the tree''s tables raise.
Commits: the status first, then each batch, so it has to be called outside of a transaction (else UD015).
Rights: EXECUTE, those of a worker in _duplication, and SELECT, UPDATE and DELETE on the tree''s tables.
Example: call duplication.discard(1);';

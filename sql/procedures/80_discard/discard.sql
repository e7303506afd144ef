create or replace procedure duplication.discard(
    p_id bigint, p_budget interval default null, inout p_done boolean default null
)
language plpgsql
as $$
-- Purpose: delete what a duplication has copied, batch by batch, in the reverse of the order of copying. Interrupted and
--   called again, it goes on.
-- Parameters: p_id, a duplication that is completed, failed or cancelled; p_budget, after which the call returns at the
--   next batch (null: when all of it is done).
-- Returns: p_done, whether it is discarded.
-- Errors: UD003, UD007, UD013, UD015, UD016; whatever the content's constraints and triggers raise.
-- Locks: those of discard_batch, each until the end of its batch.
-- COMMITS: the status first, then each batch. See duplicate_level for what that forbids.
declare
    v_period tstzrange;
    v_level text;
    v_batch_no integer;
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
    p_done := (_duplication.find_duplication(p_id)).status = 'discarded';
    raise notice 'duplication % is %', p_id, case when p_done then 'discarded' else 'discarding' end;
end;
$$;
comment on procedure duplication.discard is 'Delete what a duplication copied. Called again, it goes on.';

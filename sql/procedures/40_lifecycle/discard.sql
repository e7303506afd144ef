create or replace procedure duplication.discard(p_id bigint)
language plpgsql
as $$
-- Purpose: delete what a duplication has copied, batch by batch, in the reverse of the order of copying. Interrupted and
--   called again, it goes on.
-- Parameters: p_id, a duplication that is completed, failed or cancelled.
-- Errors: UD003, UD007, UD013, UD015; whatever the content's constraints and triggers raise.
-- Locks: those of discard_batch, each until the end of its batch.
-- COMMITS: the status first, then each batch. See duplicate_level for what that forbids.
declare
    v_more boolean := true;
begin
    call duplication.check_outside_transaction();
    commit;
    set transaction isolation level read committed;
    set local search_path to pg_catalog, pg_temp;
    perform duplication.start_discard(p_id);
    while v_more loop
        commit;
        set transaction isolation level read committed;
        set local search_path to pg_catalog, pg_temp;
        v_more := duplication.discard_batch(p_id);
    end loop;
    raise notice 'duplication % is %', p_id, (duplication.find_duplication(p_id)).status;
end;
$$;

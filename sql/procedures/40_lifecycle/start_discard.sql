create or replace function duplication.start_discard(p_id bigint) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
-- as in advance_level
set jit to off
set enable_seqscan to off
as $$
-- Purpose: completed, failed or cancelled → discarding, from which there is no way back. Harmless when repeated.
-- Parameters: p_id.
-- Errors: UD003, UD007; UD013 if rows that are not of the copy refer to it.
-- Locks: the duplication's row, until commit. Does not commit.
declare
    v_duplication duplication.duplications := duplication.find_duplication(p_id);
    v_batch duplication.batches;
begin
    if v_duplication.status in ('discarding', 'discarded') then
        return;
    elsif v_duplication.status not in ('completed', 'failed', 'cancelled') then
        perform duplication.refuse_status(v_duplication, 'discarded');
    end if;
    for v_batch in select b.* from duplication.batches as b where b.duplication_id = p_id loop
        perform duplication.check_not_referenced(
            p_id, v_batch.level, v_batch.kind, v_batch.first_number, v_batch.last_number
        );
    end loop;
    update duplication.duplications as d
    set status = 'discarding', discarding_at = clock_timestamp()
    where d.id = p_id and d.status = v_duplication.status;
end;
$$;

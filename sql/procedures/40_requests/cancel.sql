create or replace function duplication.cancel(p_id bigint) returns text
language plpgsql
security definer
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: pending or in_progress → cancelled. Waits for nobody: a batch in flight ends, no other is begun.
-- Parameters: p_id.
-- Returns: 'cancelled', also if it was already.
-- Errors: UD003, UD007.
-- Locks: the duplication's row, until commit. Does not commit.
declare
    v_duplication duplication.duplications;
begin
    update duplication.duplications as d
    set status = 'cancelled', cancelled_at = clock_timestamp(), not_before = null, waiting_reason = null
    where d.id = p_id and d.status in ('pending', 'in_progress');
    if found then
        perform _duplication.emit_event(
            p_id, 'duplication.cancelled', jsonb_build_object('id', p_id, 'cancelledAt', clock_timestamp())
        );
    end if;
    v_duplication := _duplication.find_duplication(p_id);
    if v_duplication.status <> 'cancelled' then
        perform _duplication.raise_wrong_status(v_duplication, 'cancelled');
    end if;
    return v_duplication.status;
end;
$$;
comment on function duplication.cancel is 'Stop a duplication at the next batch boundary.';

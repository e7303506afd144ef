create or replace function duplication.start_duplication(p_id bigint) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: pending → in_progress.
-- Parameters: p_id, whose levels are laid out.
-- Errors: UD007 if it was cancelled meanwhile.
-- Locks: the duplication's row, until commit. Does not commit.
declare
    v_started_at timestamptz;
begin
    update duplication.duplications as d
    set status = 'in_progress', started_at = coalesce(d.started_at, clock_timestamp())
    where d.id = p_id and d.status = 'pending'
    returning d.started_at into v_started_at;
    if not found then
        perform duplication.refuse_status(duplication.find_duplication(p_id), 'copied');
    end if;
    perform duplication.emit_event(
        p_id, 'duplication.started', jsonb_build_object('id', p_id, 'startedAt', v_started_at)
    );
end;
$$;

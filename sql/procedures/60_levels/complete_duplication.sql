create or replace function _duplication.complete_duplication(
    p_duplication duplication.duplications
) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: in_progress → completed, after a check by counts; pending → completed if one step is the whole copy.
-- Parameters: p_duplication, as for save_duplication.
-- Errors: UD007, UD014.
-- Locks: the duplication's row, until commit. Does not commit.
declare
    v_id bigint := p_duplication.id;
    v_duplication duplication.duplications;
begin
    perform _duplication.check_counts(v_id);
    update duplication.duplications as d
    set
        status = _duplication.status_after(d.status, 'complete'), not_before = null, waiting_reason = null, started_at = p_duplication.started_at,
        new_root_key = coalesce(d.new_root_key, p_duplication.new_root_key),
        -- the clock may have been moved back
        completed_at = greatest(clock_timestamp(), p_duplication.started_at)
    where d.id = v_id and d.status = p_duplication.status
    returning d.* into v_duplication;
    if not found then
        -- cancelled at the last moment: the cancel stands, and the batch that came after it is undone
        perform _duplication.raise_wrong_status(_duplication.find_duplication(v_id), 'completed');
    end if;
    perform _duplication.emit_event(v_id, 'duplication.completed', jsonb_build_object(
        'id', v_id,
        -- newEpisodeId, for a tree whose root's rows are called episode
        'new' || initcap(l.row_name) || 'Id', v_duplication.new_root_key,
        'completedAt', v_duplication.completed_at
    ))
    from duplication.levels as l
    where l.tree = v_duplication.tree and l.name = _duplication.root_level(v_duplication.tree);
end;
$$;

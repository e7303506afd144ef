create or replace function _duplication.save_duplication(p_duplication duplication.duplications) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: write what a step has done to a duplication, unless it completed it: the start, and the new root's key.
-- Parameters: p_duplication, with the status that it had when the step began.
-- Errors: UD007 if it was cancelled, or failed, before it was started.
-- Locks: the duplication's row, until commit, so late in a step: a cancel waits for it. Does not commit.
begin
    update duplication.duplications as d
    set
        -- a duplication that was cancelled meanwhile stays cancelled; the batch in flight is kept
        status = coalesce(_duplication.status_after(p_duplication.status, 'start'), d.status),
        started_at = p_duplication.started_at,
        -- another session may have found it meanwhile
        new_root_key = coalesce(d.new_root_key, p_duplication.new_root_key)
    where d.id = p_duplication.id and (not p_duplication.traits ? 'startable' or d.traits ? 'startable');
    if not found then
        perform _duplication.raise_wrong_status(_duplication.find_duplication(p_duplication.id), 'copied');
    end if;
end;
$$;

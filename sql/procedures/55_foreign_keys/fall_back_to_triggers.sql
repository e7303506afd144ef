create or replace function _duplication.fall_back_to_triggers(p_run _duplication.level_runs, p_reason text) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: have a level's foreign keys checked row by row from now on, and say why.
-- Parameters: p_run; p_reason, as per_row_reason gives it.
-- Locks: the level's row in level_runs, until commit. Does not commit.
begin
    update _duplication.level_runs as r
    set per_row_reason = p_reason
    where r.duplication_id = p_run.duplication_id and r.level = p_run.level;
    perform _duplication.emit_feedback(
        p_run.duplication_id, p_run.level, 'Foreign keys are checked row by row: ' || p_reason
    );
end;
$$;

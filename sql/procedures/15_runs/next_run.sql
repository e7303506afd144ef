create or replace function _duplication.next_run(p_id bigint) returns _duplication.level_runs
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the level that a started duplication has come to: a run keeps the levels it was started with, whatever becomes of
--   the tree.
-- Parameters: p_id.
-- Returns: the run of the first level in copy order that is not done; all null if all are, or none is laid out.
declare
    v_run _duplication.level_runs;
begin
    select r.* into v_run
    from _duplication.level_runs as r
    where r.duplication_id = p_id and r.completed_at is null
    order by r.ordinal
    limit 1;
    return v_run;
end;
$$;

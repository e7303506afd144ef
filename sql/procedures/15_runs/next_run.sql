create or replace function _duplication.next_run(p_id bigint) returns _duplication.level_runs
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the next run of a started duplication. Runs are created when the duplication starts, so later changes of the
--   tree do not matter.
-- Parameters: p_id.
-- Returns: the first run in copy order that is not completed; all null if all are completed, or none is created.
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

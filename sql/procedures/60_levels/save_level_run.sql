create or replace function _duplication.save_level_run(p_run _duplication.level_runs) returns void
language sql
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: write a started level's run, for the steps and the sessions that are to go on with it. A level that one step
    --   starts and finishes is written by finish_level alone.
    -- Parameters: p_run, as start_level returns it; its table is locked, so its columns are those that the statement is for.
    -- Locks: the level's row in level_runs, until commit. Does not commit.
    update _duplication.level_runs as r
    set
        started_at = p_run.started_at, relation = p_run.relation, statement = p_run.statement,
        compiled_from = p_run.compiled_from, fingerprint = _duplication.column_fingerprint(p_run.relation::regclass)
    where r.duplication_id = p_run.duplication_id and r.level = p_run.level;
$$;

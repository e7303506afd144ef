create or replace function _duplication.compile_level(
    p_run _duplication.level_runs, p_duplication duplication.duplications
) returns _duplication.level_runs
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: compile the statement of one run, where the compiled tree's statement cannot be used: the table has changed since,
--   or the root has overrides.
-- Parameters: p_run; p_duplication, its duplication.
-- Returns: p_run with relation and statement as they have to be, and compiled_from null.
-- Errors: those of copy_statement.
-- Locks: ROW EXCLUSIVE on the table, until commit, so that the table stays as it was compiled. Does not commit.
declare
    v_level text := coalesce(p_run.backfills, p_run.level);
    v_overrides jsonb;
begin
    p_run.relation := (_duplication.resolve_level(p_duplication.tree, v_level)).relation;
    execute format('lock table %s in row exclusive mode', p_run.relation);
    if v_level = _duplication.root_level(p_duplication.tree) then
        v_overrides := p_duplication.options -> 'overrides';
    end if;
    p_run.compiled_from := null;
    p_run.statement := case when p_run.backfills is null
        then duplication.copy_statement(
            p_duplication.tree, v_level, case when p_run.mapped then 'rows' else 'parents' end, v_overrides,
            p_run.deferred_columns
        )
        else _duplication.backfill_statement(p_duplication.tree, v_level, v_overrides, p_run.deferred_columns)
    end;
    return p_run;
end;
$$;

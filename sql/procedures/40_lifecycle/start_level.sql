create or replace function duplication.start_level(p_id bigint, p_level text) returns boolean
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: fix the columns and the statement of a level when its first batch is copied. Harmless when repeated.
-- Parameters: p_id, p_level.
-- Returns: whether there was anything to do.
-- Errors: UD009; those of copy_statement.
-- Locks: the level's row in level_runs, until commit. Does not commit.
declare
    v_duplication duplication.duplications := duplication.find_duplication(p_id);
    v_run duplication.level_runs;
    v_name text;
    v_level record;
    v_overrides jsonb;
    v_total bigint;
begin
    select r.* into v_run from duplication.level_runs as r where r.duplication_id = p_id and r.level = p_level;
    if v_run.started_at is not null then
        return false;
    end if;
    v_name := coalesce(v_run.relinks, p_level);
    select r.* into v_level from duplication.resolve_level(v_duplication.tree, v_name) as r;
    if v_level.is_root then
        v_overrides := v_duplication.options -> 'overrides';
    end if;
    if v_duplication.new_root_key is not null then
        perform duplication.check_new_root(v_duplication);
    end if;
    update duplication.level_runs as r
    set
        started_at = clock_timestamp(),
        fingerprint = duplication.column_fingerprint(v_level.relation),
        statement = case when r.relinks is null
            then duplication.copy_statement(
                v_duplication.tree, v_name, case when r.mapped then 'rows' else 'parents' end, v_overrides, r.late_columns
            )
            else duplication.link_statement(v_duplication.tree, v_name, v_overrides, r.late_columns)
        end
    where r.duplication_id = p_id and r.level = p_level and r.started_at is null
    returning r.rows_planned into v_total;
    if found and v_run.relinks is not null then
        perform duplication.emit_event(
            p_id, 'duplication.relinking', jsonb_build_object('id', p_id, 'stage', v_run.relinks, 'total', v_total)
        );
    end if;
    if found then
        perform duplication.emit_feedback(
            p_id, p_level, p_level || case when v_run.relinks is null then ' duplication started' else ' started' end,
            null, v_total
        );
    end if;
    return true;
end;
$$;

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
    v_level record;
    v_total bigint;
begin
    if exists (
        select from duplication.level_runs as r
        where r.duplication_id = p_id and r.level = p_level and r.started_at is not null
    ) then
        return false;
    end if;
    select r.* into v_level from duplication.resolve_level(v_duplication.tree, p_level) as r;
    if v_level.parent_level is not null then
        perform duplication.check_new_root(v_duplication);
    end if;
    update duplication.level_runs as r
    set
        started_at = clock_timestamp(),
        fingerprint = duplication.column_fingerprint(v_level.relation),
        statement = duplication.copy_statement(
            v_duplication.tree, p_level, null,
            case when v_level.parent_level is null then v_duplication.options -> 'overrides' end
        )
    where r.duplication_id = p_id and r.level = p_level and r.started_at is null
    returning r.rows_planned into v_total;
    if found then
        perform duplication.emit_feedback(p_id, p_level, p_level || ' duplication started', null, v_total);
    end if;
    return true;
end;
$$;

create or replace function duplication.plan_batch(p_id bigint) returns text
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: one step of planning: the children of the next few parents, on the first level that is not planned. The
--   plan decides every new key and cuts the rows into pieces; copying then only obeys.
-- Parameters: p_id, a duplication in progress.
-- Returns: 'planned' (call again), 'wait' (another session is at it), 'none' (the whole tree is planned).
-- Errors: those of resolve_level and check_tree; UD004.
-- Locks: the level's row in level_runs, until commit. Does not commit.
declare
    v_run duplication.level_runs;
    v_level record;
    v_parents bigint := 1;
    v_through bigint := 1;
    v_rows bigint := 1;
begin
    select r.* into v_run
    from duplication.level_runs as r
    where r.duplication_id = p_id and r.planned_at is null
    order by r.ordinal
    limit 1;
    if not found then
        return 'none';
    end if;
    -- Locked apart from the search: SKIP LOCKED would go on to a level whose parents are still being planned.
    select r.* into v_run
    from duplication.level_runs as r
    where r.duplication_id = p_id and r.level = v_run.level and r.planned_at is null
    for no key update skip locked;
    if not found then
        return 'wait';
    end if;

    select r.* into v_level
    from duplication.duplications as d
    cross join lateral duplication.resolve_level(d.tree, v_run.level) as r
    where d.id = p_id;
    if v_level.parent_level is null then
        perform duplication.plan_root(p_id);
    else
        select r.rows_planned into v_parents
        from duplication.level_runs as r
        where r.duplication_id = p_id and r.level = v_level.parent_level;
        v_through := least(
            v_parents,
            v_run.planned_through
            + duplication.plan_step(v_run.planned_through, v_run.rows_planned, v_level.batch_rows)
        );
        v_rows := case when v_level.mapped
            then duplication.plan_rows(p_id, v_run.level, v_run.planned_through + 1, v_through)
            else duplication.plan_parents(p_id, v_run.level, v_run.planned_through + 1, v_through)
        end;
    end if;
    update duplication.level_runs as r
    set planned_through = v_through, rows_planned = r.rows_planned + v_rows
    where r.duplication_id = p_id and r.level = v_run.level;
    if v_through >= v_parents then
        perform duplication.finish_plan(p_id, v_run.level);
    end if;
    return 'planned';
end;
$$;

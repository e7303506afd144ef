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
    v_parent duplication.level_runs;
    v_edge duplication.edge_runs;
    v_parents bigint;
    v_first bigint;
    v_rows bigint;
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
        perform duplication.finish_plan(p_id, v_run.level, 1);
        return 'planned';
    end if;

    select e.* into v_edge
    from duplication.edge_runs as e
    where e.duplication_id = p_id and e.level = v_run.level
        and e.parent_level = v_level.parent_level and e.column_name = v_level.edge_column;
    select r.* into v_parent
    from duplication.level_runs as r
    where r.duplication_id = p_id and r.level = v_level.parent_level;
    v_parents := least(
        duplication.plan_step(v_edge.parents_planned, v_edge.rows_planned, v_level.batch_rows),
        v_parent.rows_planned - v_edge.parents_planned
    );
    v_first := v_parent.first_number + v_edge.parents_planned;
    v_rows := case when v_level.mapped
        then duplication.plan_rows(p_id, v_run.level, v_first, v_first + v_parents - 1)
        else duplication.plan_parents(p_id, v_run.level, v_first, v_first + v_parents - 1)
    end;
    update duplication.edge_runs as e
    set parents_planned = e.parents_planned + v_parents, rows_planned = e.rows_planned + v_rows
    where e.duplication_id = p_id and e.level = v_run.level
        and e.parent_level = v_edge.parent_level and e.column_name = v_edge.column_name;
    if v_edge.parents_planned + v_parents = v_parent.rows_planned then
        perform duplication.finish_plan(p_id, v_run.level, v_edge.rows_planned + v_rows);
    end if;
    return 'planned';
end;
$$;

create or replace function duplication.plan_batch(p_id bigint) returns text
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: one step of planning: what is below the next few parents, edge by edge, until no edge leads to a row that is
--   not planned: a level below itself breadth-first. The plan decides every new key and cuts the rows into pieces;
--   copying then only obeys.
-- Parameters: p_id, a duplication in progress.
-- Returns: 'planned' (call again), 'wait' (another session is at it), 'none' (the whole tree is planned).
-- Errors: those of resolve_level, check_tree and finish_plan; UD004.
-- Locks: the first level's row in level_runs, until commit. Does not commit.
declare
    v_run duplication.level_runs;
    v_edge record;
    v_parents bigint := 0;
    v_rows bigint := 0;
begin
    select r.* into v_run
    from duplication.level_runs as r
    where r.duplication_id = p_id and r.ordinal = 1
    for no key update skip locked;
    if not found then
        return 'wait';
    elsif v_run.planned_at is not null then
        return 'none';
    elsif duplication.plan_root(p_id) then
        return 'planned';
    end if;
    -- a thin tree has many edges to follow with few rows each
    for v_round in 1 .. 50 loop
        select e.* into v_edge from duplication.next_edge(p_id) as e;
        if v_edge.level is null then
            perform duplication.finish_plan(p_id);
            return 'planned';
        end if;
        select v_parents + e.parents, v_rows + e.rows into v_parents, v_rows
        from duplication.plan_edge(p_id, v_edge.level, v_edge.parent_level, v_edge.column_name, v_edge.carrier) as e;
        exit when greatest(v_parents, v_rows) >= v_edge.batch_rows;
    end loop;
    return 'planned';
end;
$$;

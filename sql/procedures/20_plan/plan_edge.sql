create or replace function duplication.plan_edge(
    p_id bigint,
    p_level text,
    p_parent_level text,
    p_column text,
    p_carrier text,
    out parents bigint,
    out rows bigint
)
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: follow an edge from the next few of its parents.
-- Parameters: p_id; p_level, p_parent_level and p_column, the edge; p_carrier, the level by whose numbers it is followed.
-- Returns: how many parents it was followed from, and the rows planned.
-- Does not commit.
declare
    v_edge duplication.edges;
    v_run duplication.edge_runs;
    v_first bigint;
begin
    select e.* into v_edge
    from duplication.edges as e
    where e.tree = (duplication.find_duplication(p_id)).tree
        and e.level = p_level and e.parent_level = p_parent_level and e.column_name = p_column;
    select e.* into v_run
    from duplication.edge_runs as e
    where e.duplication_id = p_id
        and e.level = p_level and e.parent_level = p_parent_level and e.column_name = p_column;
    select
        r.first_number + v_run.parents_planned,
        least(
            duplication.plan_step(v_run.parents_planned, v_run.rows_planned, l.batch_rows),
            duplication.last_number(p_id, p_carrier) - r.first_number - v_run.parents_planned + 1
        )
    into v_first, parents
    from duplication.level_runs as r
    cross join lateral duplication.resolve_level(v_edge.tree, p_level) as l
    where r.duplication_id = p_id and r.level = p_carrier;

    rows := case when (
        select r.mapped from duplication.level_runs as r where r.duplication_id = p_id and r.level = p_level
    )
        then duplication.plan_rows(p_id, v_edge, v_first, v_first + parents - 1)
        else duplication.plan_parents(p_id, v_edge, v_first, v_first + parents - 1)
    end;
    update duplication.edge_runs as e
    set parents_planned = e.parents_planned + parents, rows_planned = e.rows_planned + rows
    where e.duplication_id = p_id
        and e.level = p_level and e.parent_level = p_parent_level and e.column_name = p_column;
end;
$$;

create or replace function _duplication.plan_edge(
    p_tree text,
    p_run _duplication.edge_runs,
    p_batch_rows integer,
    out parents bigint,
    out rows bigint
)
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: follow an edge from the next few of its parents.
-- Parameters: p_tree; p_run, the edge's run; p_batch_rows of its level.
-- Returns: how many parents it was followed from, and the rows planned.
-- Errors: UD010 if the tree has lost the edge. Does not commit.
declare
    v_id bigint := p_run.duplication_id;
    v_is_mapped boolean;
    v_first bigint;
    v_statement text;
begin
    select
        c.first_number + p_run.parents_planned,
        least(
            _duplication.plan_step(p_run.parents_planned, p_run.rows_planned, p_batch_rows),
            _duplication.last_number(v_id, p_run.carrier) - c.first_number - p_run.parents_planned + 1
        ),
        r.mapped, e.plan_statement
    into v_first, parents, v_is_mapped, v_statement
    from _duplication.level_runs as c
    inner join _duplication.level_runs as r on r.duplication_id = v_id and r.level = p_run.level
    inner join _duplication.compiled_edges as e on e.tree = p_tree
        and e.level = p_run.level and e.parent_level = p_run.parent_level and e.column_name = p_run.column_name
    where c.duplication_id = v_id and c.level = p_run.carrier;
    if not found then
        raise exception using
            errcode = 'UD010',
            message = format(
                'the edge from %s to %s was removed while duplication %s was being planned', p_run.parent_level,
                p_run.level, v_id
            ),
            hint = 'Declare it again and retry, or discard this duplication and request a new one.';
    end if;

    rows := case when v_is_mapped
        then _duplication.plan_rows(v_id, p_tree, p_run.level, v_statement, v_first, v_first + parents - 1)
        else _duplication.plan_parents(
            v_id, p_tree, p_run.level, v_statement, v_first, v_first + parents - 1, p_batch_rows
        )
    end;
    update _duplication.edge_runs as e
    set parents_planned = e.parents_planned + parents, rows_planned = e.rows_planned + rows
    where e.duplication_id = v_id
        and e.level = p_run.level and e.parent_level = p_run.parent_level and e.column_name = p_run.column_name;
end;
$$;

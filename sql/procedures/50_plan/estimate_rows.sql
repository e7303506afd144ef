create or replace function _duplication.estimate_rows(p_tree text, p_key text) returns jsonb
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: how many rows of each level the planner expects below a root, along one edge to each level.
-- Parameters: p_tree; p_key of the root, canonical.
-- Returns: level → rows.
-- Errors: those of resolve_level.
declare
    v_rows jsonb := jsonb_build_object(_duplication.root_level(p_tree), 1);
    -- level → a statement that finds its rows
    v_statements jsonb := jsonb_build_object(
        _duplication.root_level(p_tree), format('select %L::text as orig_key', p_key)
    );
    v_next record;
    v_plan jsonb;
begin
    loop
        select e.level, _duplication.fill_sql(
            'select {key_text} as orig_key from ({parents}) as m {edge_join}',
            'key_text', coalesce(_duplication.key_text('s', l.key_column), 'null::text'),
            'parents', v_statements ->> _duplication.edge_carrier(p_tree, e.parent_level),
            'edge_join', _duplication.edge_join(e)
        ) as statement
        into v_next
        from duplication.edges as e
        inner join duplication.levels as l on l.tree = e.tree and l.name = e.level
        where e.tree = p_tree and not v_statements ? e.level
            and v_statements ? _duplication.edge_carrier(p_tree, e.parent_level)
        order by e.level, e.parent_level, e.column_name
        limit 1;
        exit when not found;
        v_statements := v_statements || jsonb_build_object(v_next.level, v_next.statement);
        perform _duplication.use_tree_path(p_tree);
        execute 'explain (format json) ' || v_next.statement into v_plan;
        v_rows := v_rows || jsonb_build_object(v_next.level, v_plan -> 0 -> 'Plan' -> 'Plan Rows');
    end loop;
    return v_rows;
end;
$$;

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
        select e.level, format(
            'select %s as orig_key from (%s) as m %s',
            coalesce('s.' || quote_ident(l.key_column) || '::text', 'null::text'),
            v_statements ->> _duplication.edge_carrier(p_tree, e.parent_level), _duplication.edge_join(e)
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

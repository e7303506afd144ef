create or replace function _duplication.in_source_tree_condition(
    p_tree text, p_level text, p_key text, p_depth integer default 1
) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the condition that is_in_source_tree may be true for a row that is not planned. It is written as look-ups by
--   index if each level up to the root has one edge. It spares references that leave the tree a call for each row.
-- Parameters: p_tree; p_level; p_key of the row, an SQL expression of type text; p_depth of the recursion.
-- Returns: SQL text; $1 is the duplication.
-- Errors: those of resolve_level.
declare
    v_level _duplication.resolved_level := _duplication.resolve_level(p_tree, p_level);
    v_alias text := 'a' || p_depth;
    v_parent_key text := _duplication.key_text(v_alias, v_level.edge_column);
begin
    if v_level.is_root and v_level.parent_level is null then
        return _duplication.is_planned_condition(p_level, p_key);
    elsif v_level.parent_level is null or v_level.parent_level = p_level or p_depth > 8 then
        -- at depth 1, the statement calls is_in_source_tree anyway
        return case when p_depth = 1 then 'true' else _duplication.fill_sql(
            $sql$_duplication.is_in_source_tree($1, {'level'}, {key})$sql$, 'level', p_level, 'key', p_key
        ) end;
    end if;
    return _duplication.fill_sql(
        $sql$
exists (
    select from {relation} as {alias}
    where {alias}.{"key"} = ({row_key}){key_cast}{edge_filter} and ({parent_is_planned} or {parent_is_in_source_tree})
)
$sql$,
        'relation', v_level.relation::text, 'alias', v_alias, 'key', v_level.key_column, 'row_key', p_key,
        'key_cast', v_level.key_cast,
        'edge_filter', case when v_level.edge_clause <> ''
            then ' and ' || _duplication.row_expression('true' || v_level.edge_clause, v_alias) end,
        'parent_is_planned', _duplication.is_planned_condition(v_level.parent_level, v_parent_key),
        'parent_is_in_source_tree', _duplication.in_source_tree_condition(
            p_tree, v_level.parent_level, v_parent_key, p_depth + 1
        )
    );
end;
$$;

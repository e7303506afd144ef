create or replace function _duplication.edge_join(
    p_edge duplication.edges, p_key text default 'orig_key'
) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the part of a FROM clause that follows an edge. It leads from m, a planned row of the edge's carrier (see
--   edge_carrier), to the rows below, alias s. It is fenced like source_clause.
-- Parameters: p_edge; p_key, the key of m to follow: orig_key in the source, new_key in the copy.
-- Returns: SQL text.
-- Errors: those of resolve_level.
declare
    v_level _duplication.resolved_level := _duplication.resolve_level(p_edge.tree, p_edge.level);
    v_parent _duplication.resolved_level;
    v_edge_filter text := ' and (' || p_edge.row_filter || ')';
begin
    if p_edge.kind = 'below' then
        return _duplication.fill_sql(
            $sql$
cross join lateral (
    select s.* from {relation} as s where s.{"column"} = m.{"followed"}{key_cast}{filter}{edge_filter} offset 0
) as s
$sql$,
            'relation', v_level.relation::text, 'column', p_edge.column_name, 'followed', p_key,
            'key_cast', _duplication.key_cast(v_level.relation, p_edge.column_name),
            'filter', v_level.filter_clause, 'edge_filter', v_edge_filter
        );
    end if;
    v_parent := _duplication.resolve_level(p_edge.tree, p_edge.parent_level);
    return _duplication.fill_sql(
        $sql$
cross join lateral (
    select {owned_key} as owned_key
    from {parent_relation} as s
    where s.{"parent_column"} = m.{"followed"}{parent_key_cast}{parent_filter}{edge_filter}
    offset 0
) as o
cross join lateral (
    select s.* from {relation} as s where s.{"key"} = o.owned_key{key_cast}{filter} offset 0
) as s
$sql$,
        'owned_key', _duplication.key_text('s', p_edge.column_name),
        'parent_relation', v_parent.relation::text,
        'parent_column', coalesce(v_parent.key_column, v_parent.edge_column),
        'followed', p_key,
        'parent_key_cast', coalesce(v_parent.key_cast, v_parent.parent_key_cast),
        'parent_filter',
        v_parent.filter_clause || case when v_parent.key_column is null then v_parent.edge_clause else '' end,
        'edge_filter', v_edge_filter, 'relation', v_level.relation::text, 'key', v_level.key_column,
        'key_cast', v_level.key_cast, 'filter', v_level.filter_clause
    );
end;
$$;

create or replace function _duplication.shares_key(p_edge duplication.edges) returns boolean
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: whether the edge's column is the key of its table: then a parent and the row below it have the same key.
    -- Parameters: p_edge. Returns: null if that table has no key column.
    select l.key_column = p_edge.column_name
    from duplication.levels as l
    where l.tree = p_edge.tree and l.name = case p_edge.kind when 'below' then p_edge.level else p_edge.parent_level end;
$$;

create or replace function _duplication.edge_carrier(p_tree text, p_parent_level text) returns text
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the level by whose numbers an edge is followed: the parent, or the level above a parent without a key.
    -- Parameters: p_tree, p_parent_level of the edge. Returns: a level that is planned row by row.
    select coalesce(
        (
            select e.parent_level
            from duplication.levels as l
            inner join duplication.edges as e on e.tree = l.tree and e.level = l.name
            where l.tree = p_tree and l.name = p_parent_level and l.key_column is null
        ),
        p_parent_level
    );
$$;

create or replace function _duplication.edge_carrier(p_tree text, p_parent_level text) returns text
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the carrier of an edge: its parent level, or the level above if the parent level has no key.
    -- Parameters: p_tree, p_parent_level of the edge. Returns: a mapped level.
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

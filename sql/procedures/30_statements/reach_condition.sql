create or replace function _duplication.reach_condition(p_tree text, p_level text) returns text
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the condition that a planned row is still below a row of the copy, by any of its edges.
    -- Parameters: p_tree, p_level.
    -- Returns: SQL text with the aliases of source_clause. Null if it is always true: for the root, and for owned rows,
    --   whose owners keep them in the plan.
    select string_agg('r' || r.nr || '.new_key is not null', ' or ' order by r.nr)
        -- the root itself has no row above it
        || case when e.is_root then ' or _duplication.is_first_number(m.number)' else '' end
    from _duplication.level_references(p_tree, p_level) as r
    cross join (
        select bool_and(e.parent_level = e.level) as is_root, bool_or(e.kind = 'owned') as is_owned
        from duplication.edges as e
        where e.tree = p_tree and e.level = p_level
    ) as e
    where r.origin = 'below' and not e.is_owned
    group by e.is_root;
$$;

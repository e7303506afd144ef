create or replace function duplication.copy_order(p_tree text) returns table (ordinal integer, level text)
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the order in which a tree's levels are copied: a level after every level it refers to. It is also
    --   the order of the jobs of the chain.
    -- Parameters: p_tree. Returns: a row per level that the root reaches, numbered from 1.
    with recursive paths as (
        select l.name as level, 1 as depth
        from duplication.levels as l
        where l.tree = p_tree
            and not exists (select from duplication.edges as e where e.tree = l.tree and e.level = l.name)
        union
        select e.level, p.depth + 1
        from paths as p
        inner join duplication.edges as e on e.tree = p_tree and e.parent_level = p.level
        -- a path longer than the tree has levels runs in a circle: check_tree names it
        where p.depth < (select count(*) from duplication.levels as l where l.tree = p_tree)
    )

    select (row_number() over (order by max(p.depth), p.level))::integer, p.level
    from paths as p
    group by p.level
    order by 1;
$$;

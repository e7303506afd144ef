create or replace function _duplication.edge_problems(p_tree text)
returns table (level text, problem text, hint text, is_certain boolean)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the problems of a tree's levels and edges among each other. level_problems has those of each table.
-- Parameters: p_tree. Returns: as tree_problems.
-- Errors: UD001; UD010 if a table is missing, or there is not exactly one root.
declare
    v_root text := _duplication.root_level(p_tree);
begin
    return query
    with recursive reached as (
        select v_root as name
        union
        select e.level
        from reached as r
        inner join duplication.edges as e on e.tree = p_tree and e.parent_level = r.name
    )

    select
        min(l.name), format('the root %s does not reach %s', v_root, string_agg(l.name, ', ' order by l.name)),
        'Correct duplication.edges.', true
    from duplication.levels as l
    where l.tree = p_tree and l.name not in (select r.name from reached as r)
    having count(*) > 0;

    return query
    select
        l.name, format('table %s is level %s already', l.relation, min(o.name)),
        'A table is one level of a tree: give that one a second edge, or another filter.', true
    from duplication.levels as l
    inner join duplication.levels as o on o.tree = l.tree and o.name < l.name
        and _duplication.resolve_relation(o.relation) = _duplication.resolve_relation(l.relation)
    where l.tree = p_tree
    group by l.name, l.relation;

    return query
    select p.name, p.problem, p.hint, true
    from duplication.levels as l
    cross join lateral (
        select
            count(*) as edges, coalesce(bool_or(e.kind = 'owned'), false) as owned,
            count(*) filter (where e.kind = 'owned' and _duplication.shares_key(e)) as owned_by_key,
            string_agg(e.parent_level, ', ') filter (where _duplication.shares_key(e)) as sharing
        from duplication.edges as e
        where e.tree = p_tree and e.level = l.name
    ) as e
    cross join lateral (
        select
            l.name, 'it has no key column' as problem,
            'Without one a level is copied by its only parent: it needs one edge, of kind below.' as hint
        where l.key_column is null and l.name <> v_root and (e.edges <> 1 or e.owned)
        union all
        select
            o.parent_level, format('it has no key column, and level %s hangs below it', o.level),
            'Name its key column in duplication.levels.key_column.'
        from duplication.edges as o
        where l.key_column is null and o.tree = p_tree and o.parent_level = l.name and o.kind = 'below'
        union all
        select
            l.name, format('its key is that of level %s, and it is reached otherwise as well', e.sharing),
            'A level whose key is its parent''s has that edge alone, or several that own it through their keys.'
        where e.sharing is not null and e.edges > 1 and e.edges <> e.owned_by_key
    ) as p
    where l.tree = p_tree;
end;
$$;

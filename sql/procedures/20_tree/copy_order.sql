create or replace function _duplication.copy_order(p_tree text)
returns table (ordinal integer, level text, mapped boolean, refers_to_itself boolean, deferred_columns text[])
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the order in which a tree's levels are copied, and so the order of the jobs. A level comes after each level
--   that its foreign keys need; otherwise the order is from the root down. A circle is cut at columns that may be null.
-- Parameters: p_tree.
-- Returns: a row per level that the root reaches, numbered from 1. mapped: the rows are planned one by one, since
--   something refers to them or a parent alone does not find them; refers_to_itself: its rows need other rows of it;
--   deferred_columns: columns whose target may be copied later, for the backfill.
-- Errors: UD010 where a circle cannot be cut.
declare
    v_levels text[] := array(
        with recursive paths as (
            select _duplication.root_level(p_tree) as level, 1 as depth
            union
            select e.level, p.depth + 1
            from paths as p
            inner join duplication.edges as e on e.tree = p_tree and e.parent_level = p.level
            -- a longer path would go round a circle
            where p.depth < (select count(*) from duplication.levels as l where l.tree = p_tree)
        )

        select p.level from paths as p group by p.level order by min(p.depth), p.level
    );
    -- each reference as an object; needed: a foreign key or a look-up of the target's copy needs the target first
    v_references jsonb;
    v_placed text[] := array[]::text[];
begin
    select coalesce(jsonb_agg(jsonb_build_object(
        'level', l.name, 'target', r.target_level, 'needed', r.is_checked or r.by_row, 'nullable', r.nullable,
        'by_row', r.by_row, 'origin', r.origin, 'columns', array_to_string(r.columns, ', ')
    )), '[]') into v_references
    from unnest(v_levels) as l (name)
    cross join lateral _duplication.level_references(p_tree, l.name) as r;

    for v_ordinal in 1 .. cardinality(v_levels) loop
        ordinal := v_ordinal;
        level := null;
        with recursive needs as (
            select r ->> 'level' as level, r ->> 'target' as target, r ->> 'nullable' = '[]' as is_fixed
            from jsonb_array_elements(v_references) as r
            where (r -> 'needed')::boolean and r ->> 'level' <> r ->> 'target'
                and r ->> 'level' <> all(v_placed) and r ->> 'target' <> all(v_placed)
        ),

        paths as (
            select n.level, n.target from needs as n
            union
            select p.level, n.target
            from paths as p
            inner join needs as n on n.level = p.target
        )

        select l.name into level
        from unnest(v_levels) with ordinality as l (name, nr)
        cross join lateral (
            select count(*) as needed, count(*) filter (where n.is_fixed) as fixed from needs as n where n.level = l.name
        ) as n
        -- cut a level only if it is part of a circle, not if it merely leads to one
        where l.name <> all(v_placed) and n.fixed = 0 and (
            n.needed = 0 or exists (select from paths as p where p.level = l.name and p.target = l.name)
        )
        order by n.needed > 0, l.nr
        limit 1;
        if level is null or exists (
            select from jsonb_array_elements(v_references) as r
            where r ->> 'level' = level and r ->> 'target' = level
                and (r -> 'by_row')::boolean and r ->> 'nullable' = '[]'
        ) then
            perform _duplication.raise_cycle(p_tree, v_references, array(
                select l.name from unnest(v_levels) as l (name) where l.name <> all(v_placed)
            ));
        end if;
        refers_to_itself := exists (
            select from jsonb_array_elements(v_references) as r
            where r ->> 'level' = level and r ->> 'target' = level
                and ((r -> 'needed')::boolean or r ->> 'origin' = 'below')
        );
        deferred_columns := array(
            select distinct c.name
            from jsonb_array_elements(v_references) as r
            cross join lateral jsonb_array_elements_text(r -> 'nullable') as c (name)
            where r ->> 'level' = level and (r -> 'needed')::boolean and r ->> 'target' <> all(v_placed)
            order by c.name
        );
        mapped := (
            select l.key_column is not null and (
                l.plan_rows or l.orig_column is null or e.edges <> 1 or e.owned
                or exists (
                    select from jsonb_array_elements(v_references) as r where r ->> 'target' = l.name
                )
                or exists (
                    select from duplication.edges as o where o.tree = p_tree and o.parent_level = l.name
                )
                or exists (
                    select from duplication.column_rules as r
                    where r.tree = p_tree and (
                        coalesce(r.level, l.name) = l.name and r.expression ~ '\mcopy\.new_key\M'
                        or r.expression ~ '\mmap_key\M' and position(quote_literal(l.name) in r.expression) > 0
                    )
                )
            )
            from duplication.levels as l
            cross join lateral (
                select count(*) as edges, coalesce(bool_or(e.kind = 'owned'), false) as owned
                from duplication.edges as e
                where e.tree = p_tree and e.level = l.name
            ) as e
            where l.tree = p_tree and l.name = level
        );
        v_placed := array_append(v_placed, level);
        return next;
    end loop;
end;
$$;

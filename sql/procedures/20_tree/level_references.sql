create or replace function _duplication.level_references(p_tree text, p_level text)
returns setof _duplication.level_reference
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: all references on a level to rows of the tree: its edges, the rows it owns, the references that rules
--   declare, and the foreign keys of the catalog. If two of them use one column, the first in this order decides it.
-- Parameters: p_tree, p_level.
-- Returns: a row per reference; the comments of the type explain the fields.
-- Errors: UD010 if there is no such table.
begin
    return query
    with level as (
        select l.name, l.key_column, l.orig_column, _duplication.resolve_relation(l.relation) as relation
        from duplication.levels as l
        where l.tree = p_tree and l.name = p_level
    ),

    targets as (
        select l.name, l.key_column, _duplication.resolve_relation(l.relation) as relation
        from duplication.levels as l
        where l.tree = p_tree
    ),

    rules as (
        -- a level's own rule replaces the rule for all levels
        select r.*
        from duplication.column_rules as r
        where r.tree = p_tree and (r.level = p_level or (r.level is null and not exists (
            select from duplication.column_rules as o
            where o.tree = p_tree and o.level = p_level and o.column_name = r.column_name
        )))
    ),

    constraints as (
        -- partitions may each have the same foreign key: one of them is enough
        select distinct on (k.columns, k.target_columns, t.name)
            f.oid, f.conname, f.confmatchtype, t.name as target_level, t.key_column as target_key, k.columns,
            k.target_columns,
            -- NOT ENFORCED is new in 18
            to_jsonb(f) -> 'conenforced' is distinct from 'false' as is_enforced
        from level as l
        inner join pg_constraint as f on f.contype = 'f' and f.conparentid = 0 and f.conrelid = any(
            _duplication.table_and_partitions(l.relation)
        )
        inner join targets as t on t.relation in (f.confrelid, pg_partition_root(f.confrelid))
            and t.key_column is not null
        cross join lateral (
            select
                array_agg(a.attname order by u.nr) as columns, array_agg(b.attname order by u.nr) as target_columns
            from unnest(f.conkey, f.confkey) with ordinality as u (referencing, referenced, nr)
            inner join pg_attribute as a on a.attrelid = f.conrelid and a.attnum = u.referencing
            inner join pg_attribute as b on b.attrelid = f.confrelid and b.attnum = u.referenced
        ) as k
        where (l.orig_column is null or l.orig_column <> all(k.columns))
            and not exists (select from rules as r where r.rule <> 'remap' and r.column_name = any(k.columns))
        order by k.columns, k.target_columns, t.name, f.oid
    ),

    declared as (
        select 1 as rank, 'below' as origin, e.column_name, e.parent_level as target_level, e.row_filter
        from duplication.edges as e
        where e.tree = p_tree and e.level = p_level and e.kind = 'below'
        union all
        select 2, 'owned', e.column_name, e.level, e.row_filter
        from duplication.edges as e
        where e.tree = p_tree and e.parent_level = p_level and e.kind = 'owned'
        union all
        select 3, 'rule', r.column_name, r.target_level, r.row_filter
        from rules as r
        where r.rule = 'remap' and not exists (
            -- such a rule only says what becomes of the foreign key's unmapped references
            select from constraints as c
            where r.column_name = any(c.columns) and c.target_level = r.target_level
                and (cardinality(c.columns) > 1 or c.target_columns[1] <> c.target_key)
        ) and not exists (
            select from duplication.edges as e
            where e.tree = p_tree and e.column_name = r.column_name and (
                (e.kind = 'below' and e.level = p_level and e.parent_level = r.target_level)
                or (e.kind = 'owned' and e.parent_level = p_level and e.level = r.target_level)
            )
        )
    ),

    found as (
        select
            d.rank, d.origin, c.conname, array[a.attname] as columns, a.attname as key_column, d.target_level,
            array[t.key_column::name] as target_columns, false as by_row, y.typcategory = 'A' as is_array,
            c.oid is not null as is_checked, d.row_filter as condition,
            coalesce((
                select r.unmapped from rules as r
                where r.rule = 'remap' and r.column_name = d.column_name and r.target_level = d.target_level
            ), 'error') as unmapped, false as is_match_full
        from declared as d
        cross join level as l
        inner join targets as t on t.name = d.target_level and t.key_column is not null
        inner join pg_attribute as a on a.attrelid = l.relation and a.attname = d.column_name and not a.attisdropped
        inner join pg_type as y on y.oid = a.atttypid
        left join lateral (
            select c.oid, c.conname
            from constraints as c
            where c.columns = array[a.attname] and c.target_level = d.target_level
                and c.target_columns = array[t.key_column::name] and c.is_enforced
            limit 1
        ) as c on true
        union all
        select
            4, 'constraint', c.conname, c.columns, c.columns[array_position(c.target_columns, c.target_key::name)],
            c.target_level, c.target_columns, c.target_key <> all(c.target_columns), false, c.is_enforced, null, coalesce((
                select min(r.unmapped) from rules as r
                where r.rule = 'remap' and r.column_name = any(c.columns) and r.target_level = c.target_level
            ), 'error'), c.confmatchtype = 'f'
        from constraints as c
        where not exists (
            select from declared as d
            where array[d.column_name::name] = c.columns and d.target_level = c.target_level
        )
    )

    select
        (row_number() over (order by f.rank, f.columns, f.target_level, f.conname))::integer, f.origin, f.conname,
        f.columns, f.key_column, n.assigned, f.target_level, f.target_columns, f.by_row, f.is_array, f.is_checked, f.condition, f.unmapped,
        case
            when f.is_match_full and cardinality(n.nullable) < cardinality(f.columns) then '{}'
            -- the other columns, such as a tenant, have their values from the start
            when f.key_column is not null and not f.is_match_full
                then array_remove(array[case when f.key_column = any(n.nullable) then f.key_column end], null)
            else n.nullable
        end
    from found as f
    cross join level as l
    cross join lateral (
        select
            coalesce(array_agg(a.attname order by a.attnum) filter (
                where f.origin <> 'constraint' or not exists (select from declared as d where d.column_name = a.attname)
            ), '{}') as assigned,
            coalesce(array_agg(a.attname order by a.attnum) filter (
                where not a.attnotnull and (y.typtype <> 'd' or _duplication.allows_null(y.oid))
            ), '{}') as nullable
        from pg_attribute as a
        inner join pg_type as y on y.oid = a.atttypid
        where a.attrelid = l.relation and a.attname = any(f.columns) and a.attgenerated = ''
            and a.attname is distinct from l.key_column
    ) as n;
end;
$$;

create or replace function _duplication.unique_problems(p_tree text, p_level text, p_mapped boolean, p_deferred text[])
returns table (problem text, hint text, is_certain boolean)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: unique indexes and exclusion constraints that would make a copied row collide with its original.
-- Parameters: p_tree, p_level; p_mapped, whether the level is mapped; p_deferred, its deferred columns.
-- Returns: a row per index; is_certain: none of its columns changes in a copy, and it covers every row. A reference
--   changes unless it leaves the tree.
-- Errors: those of resolve_level.
begin
    return query
    with columns as (
        select c.column_name, c.copied, c.is_reference and not c.is_parent as may_stay
        from _duplication.level_columns(p_tree, p_level, case when p_mapped then 'rows' else 'parents' end) as c
    ),

    indexes as (
        select
            i.indexrelid::regclass as name, i.indrelid::regclass as relation, k.columns, i.indisexclusion,
            i.indpred is null and i.indexprs is null and i.indisunique and i.indrelid = l.relation and not exists (
                select from columns as c where c.column_name = any(k.columns) and c.may_stay
            ) as is_plain
        from _duplication.resolve_level(p_tree, p_level) as l
        inner join _duplication.table_indexes(l.relation) as i on i.indisunique or i.indisexclusion
        cross join lateral (
            select array_agg(a.attname order by k.nr) as columns
            from unnest((i.indkey::smallint[])[0:i.indnkeyatts - 1]) with ordinality as k (attnum, nr)
            inner join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
        ) as k
        -- an index with the key is no problem; leaving it out first spares the usual table the rest
        where l.key_column = any(k.columns) is not true
    )

    select
        format(
            '%s %s on %s (%s) %s', case when i.indisexclusion then 'exclusion constraint' else 'unique index' end,
            i.name, i.relation, (select string_agg(quote_ident(c), ', ') from unnest(i.columns) as c),
            case when i.is_plain then 'would refuse every copied row' else 'may refuse copied rows' end
        ),
        'None of its columns changes in a copy: give one of them a rule in duplication.column_rules.', i.is_plain
    from indexes as i
    where i.columns is null or not exists (
        select from unnest(i.columns) as u (column_name)
        left join columns as c on c.column_name = u.column_name
        where c.copied is distinct from true and c.may_stay is distinct from true
    );

    return query
    select
        format(
            'unique index %s on %s takes nulls as equal, and %s is null for a time',
            i.indexrelid::regclass, i.indrelid::regclass, k.late
        ),
        'Let nulls be distinct, or give the column a rule in duplication.column_rules.',
        -- rows of one level that refer to each other mostly find their target copied
        k.waits and i.indpred is null
    from _duplication.resolve_level(p_tree, p_level) as l
    inner join _duplication.table_indexes(l.relation) as i on i.indisunique and i.indnullsnotdistinct
    cross join lateral (
        select string_agg(quote_ident(a.attname), ', ') as late, bool_or(r.waits) as waits
        from pg_attribute as a
        cross join lateral (
            select coalesce(bool_or(f.target_level <> p_level), false) as waits
            from _duplication.level_references(p_tree, p_level) as f
            where a.attname = any(f.nullable) and f.is_checked
        ) as r
        where a.attrelid = i.indrelid and a.attnum = any(i.indkey) and a.attname = any(p_deferred)
    ) as k
    where k.late is not null;
end;
$$;

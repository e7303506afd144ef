create or replace function _duplication.crossing_conditions(p_tree text, p_level text)
returns table (column_name name, condition text)
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: for each column that refers to the tree, the condition that in a copied row c it refers to a row of the
    --   source's tree, filtered rows included.
    -- Parameters: p_tree, p_level.
    -- Returns: a row per column; the condition sees $1, the duplication, and c.
    -- Errors: those of resolve_level.
    select
        u.name, string_agg(
            format('case when %s then ', coalesce(_duplication.row_expression(r.condition, 'c'), 'true'))
            || case
                when r.is_array then format(
                    'exists (select from unnest(c.%I::text[]) as k (key) where _duplication.is_in_source_tree($1, %L, k.key))',
                    u.name, r.target_level
                )
                when r.by_row then format(
                    'exists (select from %s as t where _duplication.is_in_source_tree($1, %L, t.%I::text) and %s)',
                    t.relation, r.target_level, t.key_column, (
                        select string_agg(format('t.%I = c.%I', k.target_column, k.name), ' and ')
                        from unnest(r.columns, r.target_columns) as k (name, target_column)
                    )
                )
                else format('_duplication.is_in_source_tree($1, %L, c.%I::text)', r.target_level, u.name)
            end || ' end', ' or '
        )
    from _duplication.level_references(p_tree, p_level) as r
    cross join lateral _duplication.resolve_level(p_tree, r.target_level) as t
    cross join lateral unnest(r.assigned) as u (name)
    where r.by_row or u.name = r.key_column
    group by u.name;
$$;

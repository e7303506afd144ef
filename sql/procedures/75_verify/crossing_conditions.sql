create or replace function _duplication.crossing_conditions(p_tree text, p_level text)
returns table (column_name name, condition text)
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: for each column that is a reference, the condition that in a copied row c it names a row of the source's
    --   tree, also one that a row filter keeps out of the copy.
    -- Parameters: p_tree, p_level.
    -- Returns: a row per column. In the condition, $1 is the duplication and c the copied row.
    -- Errors: those of resolve_level.
    select u.name, string_agg(
        _duplication.fill_sql(
            'case when {condition} then {is_in_source_tree} end',
            'condition', coalesce(_duplication.row_expression(r.condition, 'c'), 'true'),
            'is_in_source_tree', case
                when r.is_array then _duplication.fill_sql(
                    $sql$
exists (
    select from unnest(c.{"column"}::text[]) as k (key)
    where _duplication.is_in_source_tree($1, {'target_level'}, k.key)
)
$sql$,
                    'column', u.name, 'target_level', r.target_level
                )
                when r.by_row then _duplication.fill_sql(
                    $sql$
exists (
    select from {relation} as t
    where _duplication.is_in_source_tree($1, {'target_level'}, {target_key}) and {matches}
)
$sql$,
                    'relation', t.relation::text, 'target_level', r.target_level,
                    'target_key', _duplication.key_text('t', t.key_column),
                    'matches', m.matches
                )
                else _duplication.fill_sql(
                    $sql$_duplication.is_in_source_tree($1, {'target_level'}, {target_key})$sql$,
                    'target_level', r.target_level, 'target_key', _duplication.key_text('c', u.name)
                )
            end
        ), ' or '
    )
    from _duplication.level_references(p_tree, p_level) as r
    cross join lateral _duplication.resolve_level(p_tree, r.target_level) as t
    cross join lateral unnest(r.assigned) as u (name)
    cross join lateral (
        select string_agg(
            _duplication.fill_sql('t.{"target"} = c.{"column"}', 'target', k.target, 'column', k.name), ' and '
        ) as matches
        from unnest(r.columns, r.target_columns) as k (name, target)
    ) as m
    where r.by_row or u.name = r.key_column
    group by u.name;
$$;

create or replace function _duplication.changed_columns_clause(
    p_tree text, p_level text, p_range_of text, p_overrides jsonb
) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: a part of a FROM clause, alias x: the columns in which a copied row is not what it should be. It follows the
--   source row s, its plan m and its copy c. Copied columns are compared as stored, references by the keys of the plan.
-- Parameters: p_tree, p_level; p_range_of, as in level_columns; p_overrides, columns of the root that the request
--   changed.
-- Returns: SQL text; x has column_name, difference and detail.
-- Errors: those of resolve_level.
begin
    return (
        select _duplication.fill_sql(
            $sql$
{reference_joins}
cross join lateral (
    select v.*
    from (
        values
        (null::text, null::text, null::text){comparisons}
    ) as v (column_name, difference, detail)
    where v.detail is not null
) as x
$sql$,
            'reference_joins', _duplication.reference_joins(p_tree, p_level, p_range_of),
            'comparisons', string_agg(
                E',\n' || case
                    when l.copied then _duplication.compare_copied(l.column_name)
                    when l.is_parent then _duplication.compare_parent(l.column_name, l.expression)
                    else _duplication.compare_reference(l.column_name, l.expression, coalesce(x.condition, 'false'))
                end, ''
            )
        )
        from _duplication.level_columns(p_tree, p_level, p_range_of, p_overrides, p_unmapped => 'null') as l
        left join _duplication.crossing_conditions(p_tree, p_level) as x on x.column_name = l.column_name
        where (l.copied or l.is_reference) and not (l.is_parent and p_range_of = 'parents')
    );
end;
$$;

create or replace function _duplication.changed_columns_clause(
    p_tree text, p_level text, p_range_of text, p_overrides jsonb
) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the part of a FROM clause, after a source row s, its plan m and its copy c, that names the columns in which the
--   copy is not what it should be, alias x: copied columns by their stored value, references through the map.
-- Parameters: p_tree, p_level; p_range_of of pieces, as in level_columns; p_overrides, columns of the root that were asked to
--   differ.
-- Returns: SQL text; x has column_name, difference and detail.
-- Errors: those of resolve_level.
begin
    return _duplication.reference_joins(p_tree, p_level, p_range_of) || (
        select format(
            E'\ncross join lateral (select v.* from (values (null::text, null::text, null::text)%s) '
            'as v (column_name, difference, detail) where v.detail is not null) as x',
            string_agg(
                case
                    when l.copied then format(
                        -- stored values are compared: not every type has an equality of its own
                        E',\n(%L, ''different'', case when pg_catalog.record_image_ne(row(s.%2$I), row(c.%2$I)) then '
                        'pg_catalog.concat(pg_catalog.left(s.%2$I::pg_catalog.text, 60), '' became '', '
                        'pg_catalog.left(c.%2$I::pg_catalog.text, 60)) end)',
                        l.column_name, l.column_name
                    )
                    when l.is_parent then format(
                        E',\n(%L, ''moved'', case when (%s)::pg_catalog.text is distinct from c.%I::pg_catalog.text then '
                        '''it hangs below another parent than its original'' end)',
                        l.column_name, l.expression, l.column_name
                    )
                    else format(
                        E',\n(%1$L, case when (%2$s)::pg_catalog.text is not distinct from c.%1$I::pg_catalog.text '
                        'then null when %3$s then ''crossing'' else ''different'' end, '
                        'case when (%2$s)::pg_catalog.text is distinct from c.%1$I::pg_catalog.text then '
                        'pg_catalog.concat(s.%1$I, '' became '', c.%1$I, case when %3$s then '', which is in the source'' end) '
                        'end)',
                        l.column_name, l.expression, coalesce(x.condition, 'false')
                    )
                end,
                ''
            )
        )
        from _duplication.level_columns(p_tree, p_level, p_range_of, p_overrides, p_unmapped => 'null') as l
        left join _duplication.crossing_conditions(p_tree, p_level) as x on x.column_name = l.column_name
        where (l.copied or l.is_reference) and not (l.is_parent and p_range_of = 'parents')
    );
end;
$$;

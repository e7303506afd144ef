create or replace function duplication.changed_columns_clause(p_tree text, p_level text, p_overrides jsonb) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: a lateral subquery x that names the columns in which a source row s and its copy c differ.
-- Parameters: p_tree, p_level; p_overrides, columns of the root that were asked to differ.
-- Returns: SQL text; x has column_name and detail.
-- Errors: those of resolve_level.
begin
    return (
        select format(
            'lateral (select v.column_name, v.detail from (values (null::text, null::text)%s) '
            'as v (column_name, detail) where v.detail is not null) as x',
            string_agg(
                format(
                    -- stored values are compared: not every type has an equality of its own
                    E',\n(%L, case when pg_catalog.record_image_ne(row(s.%2$I), row(c.%2$I)) then pg_catalog.concat('
                    'pg_catalog.left(s.%2$I::pg_catalog.text, 60), '' became '', '
                    'pg_catalog.left(c.%2$I::pg_catalog.text, 60)) end)',
                    l.column_name, l.column_name
                ),
                ''
            )
        )
        from duplication.level_columns(p_tree, p_level, 'rows', p_overrides) as l
        where l.copied
    );
end;
$$;

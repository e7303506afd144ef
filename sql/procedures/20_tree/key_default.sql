create or replace function _duplication.key_default(p_relation regclass, p_column text) returns text
language plpgsql stable
-- with no other schema on the path, the catalog prints every name in the expression with its schema
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the expression for a column's next value: its identity or its default.
-- Parameters: p_relation; p_column, a column of it.
-- Returns: SQL text; null if the column has neither.
begin
    return (
        select case
            when a.attidentity <> '' then format(
                'pg_catalog.nextval(%L::pg_catalog.regclass)', pg_get_serial_sequence(p_relation::text, p_column)
            )
            else (
                select pg_get_expr(d.adbin, d.adrelid)
                from pg_attrdef as d
                where d.adrelid = a.attrelid and d.adnum = a.attnum and a.attgenerated = ''
            )
        end
        from pg_attribute as a
        where a.attrelid = p_relation and a.attname = p_column
    );
end;
$$;

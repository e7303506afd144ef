create or replace function _duplication.compare_copied(p_column text) returns text
language plpgsql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: compare a column that is copied as it is: see changed_columns_clause.
-- Parameters: p_column.
-- Returns: SQL text, a row of VALUES: the column, the difference and its detail; the detail is null if they are equal.
begin
    -- compared as stored, since some types, such as json, have no equality
    return _duplication.fill_sql(
        $sql$
({'column'}, 'different', case
    when pg_catalog.record_image_ne(row(s.{"column"}), row(c.{"column"})) then pg_catalog.concat(
        pg_catalog.left(s.{"column"}::pg_catalog.text, 60), ' became ',
        pg_catalog.left(c.{"column"}::pg_catalog.text, 60)
    )
end)
$sql$,
        'column', p_column
    );
end;
$$;

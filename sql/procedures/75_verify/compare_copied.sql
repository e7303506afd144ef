create or replace function _duplication.compare_copied(p_column text) returns text
language plpgsql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the comparison of a column that holds what its original does: see changed_columns_clause.
-- Parameters: p_column.
-- Returns: a row of SQL's VALUES: the column, the difference and its detail, null where there is none.
begin
    -- stored values are compared: not every type has an equality of its own
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

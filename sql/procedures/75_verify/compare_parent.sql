create or replace function _duplication.compare_parent(p_column text, p_expression text) returns text
language plpgsql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: compare a column that names the row's parent: see changed_columns_clause.
-- Parameters: p_column; p_expression, the value that the column should have.
-- Returns: SQL text, a row of VALUES: the column, the difference and its detail; the detail is null if they are equal.
begin
    return _duplication.fill_sql(
        $sql$
({'column'}, 'moved', case
    when ({expression})::pg_catalog.text is distinct from c.{"column"}::pg_catalog.text
        then 'it hangs below another parent than its original'
end)
$sql$,
        'column', p_column, 'expression', p_expression
    );
end;
$$;

create or replace function _duplication.compare_parent(p_column text, p_expression text) returns text
language plpgsql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the comparison of a column that names the row's parent: see changed_columns_clause.
-- Parameters: p_column; p_expression, what it should be.
-- Returns: a row of SQL's VALUES: the column, the difference and its detail, null where there is none.
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

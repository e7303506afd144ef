create or replace function _duplication.compare_reference(p_column text, p_expression text, p_crosses text) returns text
language plpgsql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: compare a column that is a reference: see changed_columns_clause.
-- Parameters: p_column; p_expression, the value it should have; p_crosses, the condition that it names a source row.
-- Returns: SQL text, a row of VALUES: the column, the difference and its detail; both are null if the values are equal.
begin
    return _duplication.fill_sql(
        $sql$
(
    {'column'},
    case
        when ({expression})::pg_catalog.text is not distinct from c.{"column"}::pg_catalog.text then null
        when {crosses} then 'crossing'
        else 'different'
    end,
    case
        when ({expression})::pg_catalog.text is distinct from c.{"column"}::pg_catalog.text then pg_catalog.concat(
            s.{"column"}, ' became ', c.{"column"}, case when {crosses} then ', which is in the source' end
        )
    end
)
$sql$,
        'column', p_column, 'expression', p_expression, 'crosses', p_crosses
    );
end;
$$;

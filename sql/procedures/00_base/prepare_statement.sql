create or replace function _duplication.prepare_statement(p_statement text, p_types text, variadic p_values text[])
returns text
language plpgsql
as $$
-- Purpose: let the session keep the plan of a generated statement. Parsing and planning the statements of a small tree
--   anew takes a tenth of its copy. No SET clause: the statement uses the caller's search path.
-- Parameters: p_statement; p_types, the types of its parameters, as a list; p_values, their values.
-- Returns: the SQL that executes the prepared statement.
declare
    v_name text := pg_catalog.concat('duplication ', pg_catalog.md5(p_statement));
    v_literals text := pg_catalog.ltrim(pg_catalog.repeat(', %L', pg_catalog.cardinality(p_values)), ', ');
begin
    if not exists (
        select from pg_catalog.pg_prepared_statements as s where s.name operator(pg_catalog.=) v_name
    ) then
        execute pg_catalog.format('prepare %I (%s) as %s', v_name, p_types, p_statement);
    end if;
    return pg_catalog.format('execute "%s" (%s)', v_name, pg_catalog.format(v_literals, variadic p_values));
end;
$$;

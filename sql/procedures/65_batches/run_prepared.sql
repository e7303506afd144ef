create or replace function _duplication.run_prepared(
    p_statement text, p_search_path text, p_id bigint, p_first_number bigint, p_last_number bigint
) returns bigint
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: run_statement for a few rows, with a plan that the session keeps. For tables without triggers of the application,
--   whose statements would get generic plans as well. The rows are counted by returning them, which is slow for many rows.
-- Parameters, returns, errors: as run_statement. Does not commit.
declare
    v_rows bigint;
begin
    perform set_config('search_path', p_search_path, true);
    execute _duplication.prepare_statement(
        pg_catalog.concat('with written as (', p_statement, ' returning 1) select pg_catalog.count(*) from written'),
        'bigint, bigint, bigint', p_id::pg_catalog.text, p_first_number::pg_catalog.text, p_last_number::pg_catalog.text
    ) into v_rows;
    return v_rows;
end;
$$;

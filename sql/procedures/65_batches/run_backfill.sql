create or replace function _duplication.run_backfill(
    p_statement text, p_search_path text, p_id bigint, p_first_number bigint, p_last_number bigint
) returns bigint
language plpgsql
set search_path to pg_catalog, pg_temp
-- each row of the batch is found by its key, whatever the statistics say of the others
set enable_hashjoin to off
set enable_mergejoin to off
as $$
-- Purpose: run the statement of a backfill.
-- Parameters, returns, errors: as run_statement. Does not commit.
begin
    return _duplication.run_statement(p_statement, p_search_path, p_id, p_first_number, p_last_number);
end;
$$;

create or replace function _duplication.run_statement(
    p_statement text, p_search_path text, p_id bigint, p_first_number bigint, p_last_number bigint
) returns bigint
language plpgsql
set search_path to pg_catalog, pg_temp
-- a row that a policy hides is an error, not a row silently missing
set row_security to off
-- triggers of the application are planned as anywhere else
set plan_cache_mode to auto
as $$
-- Purpose: run a statement on content rows. It sees the tree's own search path, which the application's triggers need.
-- Parameters: p_statement with parameters $1 to $3; p_search_path of the tree; the parameters' values.
-- Returns: the rows written.
-- Errors: whatever the content's constraints and triggers raise. Does not commit.
declare
    v_rows bigint;
begin
    perform set_config('search_path', p_search_path, true);
    execute p_statement using p_id, p_first_number, p_last_number;
    get diagnostics v_rows = row_count;
    return v_rows;
end;
$$;

create or replace function duplication.plan_rows(
    p_id bigint, p_tree text, p_level text, p_statement text, p_first_parent bigint, p_last_parent bigint
) returns bigint
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: plan the rows that an edge reaches one by one: give each its number in plan order and its new key.
-- Parameters: p_id; p_tree and p_level of the rows; p_statement, the edge's plan_statement; p_first_parent to
--   p_last_parent, of its carrier, by their numbers in plan order.
-- Returns: the rows planned.
-- Does not commit.
declare
    v_last bigint := duplication.last_number(p_id, p_level);
    v_rows bigint;
begin
    perform duplication.use_tree_path(p_tree);
    execute p_statement using p_id, p_level, v_last, p_first_parent, p_last_parent;
    get diagnostics v_rows = row_count;
    return v_rows;
end;
$$;

create or replace function _duplication.row_expression(p_expression text, p_alias text) returns text
language sql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: wrap an expression of the tree (a filter, a rule) for a statement with other aliases. Inside, names mean
    --   the row's columns, also with the alias s.
    -- Parameters: p_expression; p_alias of the row in the statement.
    -- Returns: SQL text, in parentheses; null if p_expression is null.
    select '(select (' || p_expression || ') from (select ' || p_alias || '.*) as s)';
$$;

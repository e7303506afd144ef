create or replace function _duplication.row_expression(p_expression text, p_alias text) returns text
language sql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: an expression of the tree's (a filter, a rule) where other aliases are about: in a scope of its own, in which
    --   its names are the row's, also by the alias s.
    -- Parameters: p_expression; p_alias of the row in the statement.
    -- Returns: SQL text, in parentheses; null for none.
    select '(select (' || p_expression || ') from (select ' || p_alias || '.*) as s)';
$$;

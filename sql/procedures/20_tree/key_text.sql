create or replace function _duplication.key_text(p_row text, p_column text) returns text
language plpgsql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the expression for a key as text, as id_map keeps it. key_cast is the opposite.
-- Parameters: p_row, the alias of a row in a statement; p_column, its key column, or one that refers to a key.
-- Returns: an SQL expression; null without a column.
begin
    return p_row || '.' || quote_ident(p_column) || '::pg_catalog.text collate "C"';
end;
$$;

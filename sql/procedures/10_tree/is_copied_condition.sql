create or replace function duplication.is_copied_condition(p_tree text, p_level text, p_alias text) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the condition that a row below the copy was copied by duplication $1, and not added by somebody since.
-- Parameters: p_tree, p_level; p_alias of the row in the statement.
-- Returns: SQL text, in parentheses.
-- Errors: those of resolve_level.
declare
    v_level record;
begin
    select r.* into v_level from duplication.resolve_level(p_tree, p_level) as r;
    if not v_level.mapped then
        return format('(%s.%I is not null)', p_alias, v_level.orig_column);
    end if;
    if v_level.orig_column is null then
        -- no index begins with the new key; so written, the map is read once for a statement, not for each row
        return format(
            $condition$(%s.%I::pg_catalog.text collate "C" in (
    select x.new_key from duplication.id_map as x
    where x.duplication_id = $1 and x.level = %L and not x.gone
))$condition$,
            p_alias, v_level.key_column, p_level
        );
    end if;
    return format(
        $condition$(exists (
    select from duplication.id_map as x
    where x.duplication_id = $1 and x.level = %L and not x.gone
        and x.new_key = %s.%I::pg_catalog.text collate "C"
        and x.orig_key = %2$s.%4$I::pg_catalog.text collate "C"
    offset 0
))$condition$,
        p_level, p_alias, v_level.key_column, v_level.orig_column
    );
end;
$$;

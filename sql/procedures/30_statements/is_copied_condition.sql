create or replace function _duplication.is_copied_condition(p_id bigint, p_level text, p_alias text) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the condition that a row was copied by a duplication, $1 of the statement, and not added by somebody since: a row
--   without an original was not copied.
-- Parameters: p_id, p_level; p_alias of the row in the statement.
-- Returns: SQL text, in parentheses. Of a level that is not mapped, it holds for rows below the copy only.
-- Errors: those of resolve_level.
declare
    v_run _duplication.level_runs;
    v_level record;
    v_filter text;
begin
    select r.* into v_run from _duplication.level_runs as r where r.duplication_id = p_id and r.level = p_level;
    if not found then
        return '(false)';
    end if;
    select r.* into v_level
    from _duplication.resolve_level((_duplication.find_duplication(p_id)).tree, p_level) as r;
    if v_level.edge_clause <> '' then
        v_filter := ' and ' || _duplication.row_expression('true' || v_level.edge_clause, p_alias);
    end if;
    if v_level.key_column is null then
        return format(
            $condition$(%s.%I::pg_catalog.text collate "C" in (
    select x.new_key from _duplication.id_map as x
    where x.run = (select _duplication.find_run_id($1, %L)) and not x.missing
)%s)$condition$,
            p_alias, v_level.edge_column, v_level.parent_level, v_filter
        );
    elsif v_level.orig_column is null then
        -- no index begins with the new key; so written, the map is read once for a statement, not for each row
        return format(
            $condition$(%s.%I::pg_catalog.text collate "C" in (
    select x.new_key from _duplication.id_map as x
    where x.run = (select _duplication.find_run_id($1, %L)) and not x.missing
))$condition$,
            p_alias, v_level.key_column, p_level
        );
    end if;
    if not v_run.mapped then
        return format('(%s.%I is not null%s)', p_alias, v_level.orig_column, v_filter);
    end if;
    return format(
        $condition$(exists (
    select from _duplication.id_map as x
    where x.run = (select _duplication.find_run_id($1, %L)) and not x.missing
        and x.new_key = %s.%I::pg_catalog.text collate "C"
        and x.orig_key = %2$s.%4$I::pg_catalog.text collate "C"
    offset 0
))$condition$,
        p_level, p_alias, v_level.key_column, v_level.orig_column
    );
end;
$$;

create or replace function _duplication.is_copied_condition(p_id bigint, p_level text, p_alias text) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the condition that a row was copied by a duplication, $1 of the statement, and not added by somebody later.
--   A row without an original was not copied.
-- Parameters: p_id, p_level; p_alias of the row in the statement.
-- Returns: SQL text, in parentheses. For a level that is not mapped, it is valid only for rows below the copy.
-- Errors: those of resolve_level.
declare
    v_run _duplication.level_runs;
    v_level _duplication.resolved_level;
    v_edge_filter text;
begin
    select r.* into v_run from _duplication.level_runs as r where r.duplication_id = p_id and r.level = p_level;
    if not found then
        return '(false)';
    end if;
    v_level := _duplication.resolve_level((_duplication.find_duplication(p_id)).tree, p_level);
    if v_level.edge_clause <> '' then
        v_edge_filter := ' and ' || _duplication.row_expression('true' || v_level.edge_clause, p_alias);
    end if;
    if v_level.key_column is null or v_level.orig_column is null then
        -- no index begins with the new key; in this form, the map is read once per statement and not once per row
        return _duplication.fill_sql(
            $sql$
({key} in (
    select x.new_key from _duplication.id_map as x
    where x.run = (select _duplication.find_run_id($1, {'planned_level'})) and not x.missing
){edge_filter})
$sql$,
            'key', _duplication.key_text(p_alias, coalesce(v_level.key_column, v_level.edge_column)),
            'planned_level', case when v_level.key_column is null then v_level.parent_level else p_level end,
            'edge_filter', case when v_level.key_column is null then v_edge_filter end
        );
    elsif not v_run.mapped then
        return _duplication.fill_sql(
            '({alias}.{"orig"} is not null{edge_filter})',
            'alias', p_alias, 'orig', v_level.orig_column, 'edge_filter', v_edge_filter
        );
    end if;
    return _duplication.fill_sql(
        $sql$
(exists (
    select from _duplication.id_map as x
    where x.run = (select _duplication.find_run_id($1, {'level'})) and not x.missing
        and x.new_key = {key} and x.orig_key = {orig_key}
    offset 0
))
$sql$,
        'level', p_level, 'key', _duplication.key_text(p_alias, v_level.key_column),
        'orig_key', _duplication.key_text(p_alias, v_level.orig_column)
    );
end;
$$;

create or replace function _duplication.in_source_tree_condition(
    p_tree text, p_level text, p_key text, p_depth integer default 1
) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: whether is_in_source_tree may hold for a row that is not in the plan, written out as look-ups by index where that is
--   short: for levels that have one edge each up to the root. It spares references that leave the tree the climb.
-- Parameters: p_tree; p_level and p_key, an SQL expression of type text, of the row; p_depth of the recursion.
-- Returns: SQL text; $1 is the duplication.
-- Errors: those of resolve_level.
declare
    v_level record;
    v_alias text := 'a' || p_depth;
begin
    select r.* into v_level from _duplication.resolve_level(p_tree, p_level) as r;
    if v_level.is_root and v_level.parent_level is null then
        return format(
            'exists (select from _duplication.id_map as x where x.run = (select _duplication.find_run_id($1, %L)) '
            'and x.orig_key = %s collate "C" and not x.missing offset 0)', p_level, p_key
        );
    elsif v_level.parent_level is null or v_level.parent_level = p_level or p_depth > 8 then
        -- at the top, whoever asks calls is_in_source_tree anyway
        return case p_depth when 1 then 'true' else format('_duplication.is_in_source_tree($1, %L, %s)', p_level, p_key) end;
    end if;
    return format(
        'exists (select from %1$s as %2$s where %2$s.%3$I = (%4$s)%5$s%6$s and (exists (select from _duplication.id_map '
        'as x where x.run = (select _duplication.find_run_id($1, %7$L)) '
        'and x.orig_key = %2$s.%8$I::pg_catalog.text collate "C" and not x.missing offset 0) or %9$s))',
        v_level.relation, v_alias, v_level.key_column, p_key, v_level.key_cast,
        case when v_level.edge_clause <> ''
            then ' and ' || _duplication.row_expression('true' || v_level.edge_clause, v_alias) else '' end,
        v_level.parent_level, v_level.edge_column,
        _duplication.in_source_tree_condition(
            p_tree, v_level.parent_level, format('%s.%I::pg_catalog.text', v_alias, v_level.edge_column), p_depth + 1
        )
    );
end;
$$;

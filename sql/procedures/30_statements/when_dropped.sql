create or replace function _duplication.when_dropped(
    p_tree text,
    p_level _duplication.resolved_level,
    p_reference _duplication.level_reference,
    p_column name,
    p_unmapped text
) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the branch of the CASE in reference_values for a reference whose target should be in the copy and is not.
-- Parameters: p_tree; p_level; p_reference of it, not an array; p_column, one that the reference decides; p_unmapped,
--   what becomes of the reference: 'error' or 'null'.
-- Returns: SQL text.
-- Errors: those of resolve_level.
declare
    v_target_key text := case when p_reference.by_row
        then 'r' || p_reference.nr || '.target_key' else _duplication.key_text('s', p_reference.key_column) end;
begin
    -- not AND: it evaluates its second operand when the first is null
    return _duplication.fill_sql(
        $sql$
when case
    when {condition} is not true then false
    when {may_be_in_source_tree} then _duplication.drops_reference(
        $1, {'level'}, {row_key}, {'column'}, {'target_level'}, {target_key}, {'unmapped'}
    )
end then null
$sql$,
        'condition', coalesce(_duplication.row_expression(p_reference.condition, 's'), 'true'),
        'may_be_in_source_tree', _duplication.in_source_tree_condition(p_tree, p_reference.target_level, v_target_key),
        'level', p_level.name,
        'row_key', coalesce(_duplication.key_text('s', p_level.key_column), 'null'),
        'column', p_column, 'target_level', p_reference.target_level, 'target_key', v_target_key,
        'unmapped', p_unmapped
    );
end;
$$;

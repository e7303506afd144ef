create or replace function _duplication.when_in_copy(
    p_level _duplication.resolved_level,
    p_reference _duplication.level_reference,
    p_column name,
    p_deferred text[],
    p_unmapped text
) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the branch of the CASE in reference_values for a reference whose target is in the copy. An array of
--   references has only this branch: see map_array.
-- Parameters: p_level; p_reference of it; p_column, one that the reference decides; the others as in reference_values.
-- Returns: SQL text.
-- Errors: UD010 if the column cannot hold a key.
declare
    v_reference text := 'r' || p_reference.nr;
    v_value_of_copy text := v_reference || '.value_' || array_position(p_reference.columns, p_column);
begin
    if p_reference.is_array then
        return _duplication.fill_sql(
            $sql$
when {condition}s.{"column"} is not null then _duplication.map_array(
    $1, {'level'}, {row_key}, {'column'}, {'target_level'}, s.{"column"}::pg_catalog.text[], {'unmapped'}
)::{type}
$sql$,
            'condition', _duplication.row_expression(p_reference.condition, 's') || ' and ',
            'column', p_column, 'level', p_level.name,
            'row_key', coalesce(_duplication.key_text('s', p_level.key_column), 'null'),
            'target_level', p_reference.target_level, 'unmapped', p_unmapped,
            'type', (
                select format_type(a.atttypid, a.atttypmod)
                from pg_attribute as a
                where a.attrelid = p_level.relation and a.attname = p_column
            )
        );
    end if;
    return _duplication.fill_sql(
        'when {reference}.new_key is not null then {value}',
        'reference', v_reference,
        'value', case
            when p_column is distinct from p_reference.key_column
                and (p_reference.by_row or p_column = any(p_reference.nullable)) then v_value_of_copy
            -- a column beside the key, such as a tenant; the target may be copied later
            when p_column <> p_reference.key_column then _duplication.fill_sql(
                'coalesce({value_of_copy}, s.{"column"})', 'value_of_copy', v_value_of_copy, 'column', p_column
            )
            when p_column <> all(p_deferred)
                then v_reference || '.new_key' || _duplication.key_cast(p_level.relation, p_column)
            when p_reference.target_level <> p_level.name then 'null'
            else _duplication.fill_sql(
                $sql$
case when {reference}.number between $2 and $3 or exists (
    select from {relation} as c where c.{"key"} = {reference}.new_key{key_cast} offset 0
) then {reference}.new_key{column_cast} end
$sql$,
                'reference', v_reference, 'relation', p_level.relation::text, 'key', p_level.key_column,
                'key_cast', p_level.key_cast, 'column_cast', _duplication.key_cast(p_level.relation, p_column)
            )
        end
    );
end;
$$;

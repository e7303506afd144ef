create or replace function _duplication.reference_join(
    p_reference _duplication.level_reference, p_target _duplication.resolved_level
) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the look-up of one reference: see reference_joins. With by_row, the target's row in the source has the
--   target's key. Otherwise the referring row has it, and the target's copy is read only for columns beside the key.
-- Parameters: p_reference; p_target, the level of its target.
-- Returns: SQL text.
declare
    v_matches text;
    v_values text;
    v_copy_join text;
begin
    if p_reference.by_row or p_reference.assigned && array_remove(p_reference.columns, p_reference.key_column) then
        select
            string_agg(_duplication.fill_sql(
                't.{"target"} = s.{"column"}', 'target', u.target, 'column', u.name
            ), ' and ' order by u.nr),
            string_agg(_duplication.fill_sql(
                ', n.{"target"} as {"value"}', 'target', u.target, 'value', 'value_' || u.nr
            ), '' order by u.nr)
        into v_matches, v_values
        from unnest(p_reference.columns, p_reference.target_columns) with ordinality as u (name, target, nr);
        v_copy_join := _duplication.fill_sql(
            $sql$
left join lateral (select n.* from {relation} as n where n.{"key"} = x.new_key{key_cast} offset 0) as n on true
$sql$,
            'relation', p_target.relation::text, 'key', p_target.key_column, 'key_cast', p_target.key_cast
        );
    end if;
    if p_reference.by_row then
        return _duplication.fill_sql(
            $sql$
left join lateral (
    select {target_key} as target_key, x.new_key, x.number{values}
    from {relation} as t
    left join lateral (
        select x.new_key, x.number from _duplication.id_map as x
        where x.run = (select _duplication.find_run_id($1, {'target_level'})) and not x.missing
            and x.orig_key = {target_key}
        offset 0
    ) as x on true
    {copy_join}
    where {matches}
    offset 0
) as {reference} on true
$sql$,
            'target_key', _duplication.key_text('t', p_target.key_column),
            'values', v_values, 'relation', p_target.relation::text, 'target_level', p_reference.target_level,
            'copy_join', v_copy_join, 'matches', v_matches,
            'reference', 'r' || p_reference.nr
        );
    end if;
    return _duplication.fill_sql(
        $sql$
left join lateral (
    select x.new_key, x.number{values} from _duplication.id_map as x
    {copy_join}
    where x.run = (select _duplication.find_run_id($1, {'target_level'})) and not x.missing
        and x.orig_key = {target_key}{condition}
    offset 0
) as {reference} on true
$sql$,
        'values', v_values, 'copy_join', v_copy_join, 'target_level', p_reference.target_level,
        'target_key', _duplication.key_text('s', p_reference.key_column),
        'condition', ' and ' || _duplication.row_expression(p_reference.condition, 's'),
        'reference', 'r' || p_reference.nr
    );
end;
$$;

create or replace function _duplication.map_array(
    p_id bigint, p_level text, p_row_key text, p_column text, p_target_level text, p_keys text[], p_unmapped text
) returns text[]
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: what an array of keys becomes in the copy.
-- Parameters: p_keys, the array; the others as in drops_reference, which decides about each key that is not in the
--   copy. A key that must become null is left out.
-- Returns: the array, in the same order.
-- Errors: UD017; UD010 if the array has more than one dimension.
begin
    if array_ndims(p_keys) > 1 then
        raise exception using
            errcode = 'UD010',
            message = format('%I of %s has several dimensions', p_column, concat_ws(' ', p_level, p_row_key)),
            hint = 'Arrays of keys are mapped when they have one: give the column a rule that sets it.';
    end if;
    return array(
        select coalesce(k.new_key, k.key)
        from (
            select u.nr, u.key, duplication.map_key(p_id, p_target_level, u.key) as new_key
            from unnest(p_keys) with ordinality as u (key, nr)
        ) as k
        where k.new_key is not null or not _duplication.drops_reference(
            p_id, p_level, p_row_key, p_column, p_target_level, k.key, p_unmapped
        )
        order by k.nr
    );
end;
$$;

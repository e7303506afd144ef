create or replace function _duplication.drops_reference(
    p_id bigint, p_level text, p_row_key text, p_column text, p_target_level text, p_target_key text, p_unmapped text
) returns boolean
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: decide about a reference whose target is not in the copy. No reference may point at the source unnoticed.
-- Parameters: p_id; p_level, p_row_key and p_column, the referring column; p_target_level and p_target_key, the target;
--   p_unmapped, 'error' or 'null'.
-- Returns: false if the target is outside the source's tree: the reference stays. True if it must become null.
-- Errors: UD017 if the target is in the source's tree and p_unmapped is 'error'.
begin
    if p_target_key is null or not _duplication.is_in_source_tree(p_id, p_target_level, p_target_key) then
        return false;
    elsif p_unmapped = 'null' then
        return true;
    end if;
    raise exception using
        errcode = 'UD017',
        message = format(
            '%I of %s refers to %s %s, which is in the source''s tree and not in the copy', p_column,
            concat_ws(' ', p_level, p_row_key), p_target_level, p_target_key
        ),
        detail = 'A filter leaves the row out, or it was added after the copy was planned.',
        hint = format(
            'Let it become null: insert into duplication.column_rules (tree, level, column_name, rule, target_level, '
            'unmapped) values (%L, %L, %L, ''remap'', %L, ''null''). Or request a new duplication.',
            (_duplication.find_duplication(p_id)).tree, p_level, p_column, p_target_level
        );
end;
$$;

create or replace function _duplication.check_batch(
    p_id bigint,
    p_level text,
    p_range_of text,
    p_first_number bigint,
    p_last_number bigint,
    p_planned bigint,
    p_source_rows bigint,
    p_inserted bigint
) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: find out why rows are not in the copy: the source has lost them since they were planned (they are skipped), or the
--   table refused them.
-- Parameters: p_id, p_level; p_range_of, p_first_number and p_last_number of the batch; rows planned, found
--   in the source by the statement that copied, and inserted by it.
-- Errors: UD004 if the source's root is lost; UD011 if a row was there to copy and is not in the copy.
-- Does not commit.
declare
    v_level _duplication.resolved_level;
begin
    if p_range_of = 'rows' then
        perform _duplication.skip_missing_rows(
            p_id, p_level, p_first_number, p_last_number, p_are_copied => true
        );
        return;
    end if;
    v_level := _duplication.resolve_level((_duplication.find_duplication(p_id)).tree, p_level);
    if p_source_rows <> p_inserted then
        raise exception using
            errcode = 'UD011',
            message = format('%s of %s rows were inserted into %s', p_inserted, p_source_rows, v_level.relation),
            detail = format(
                'They are the %s of the %s with numbers %s to %s in id_map.',
                p_level, v_level.parent_level, p_first_number, p_last_number
            ),
            hint = format('Look for a BEFORE INSERT trigger or a rule on %s that drops rows.', v_level.relation);
    end if;
    if p_inserted < p_planned then
        perform _duplication.emit_feedback(
            p_id, p_level, format('Original %1$s not found; skipping %1$s', v_level.row_name), p_planned - p_inserted
        );
    end if;
end;
$$;

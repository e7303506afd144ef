create or replace function _duplication.emit_progress(
    p_id bigint, p_level text, p_rows_done bigint, p_rows_planned bigint
) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: tell the progress of a level on the feed. Not called for each batch, since it takes a sum over all batches.
-- Parameters: p_id, p_level; p_rows_done and p_rows_planned, as in the view progress.
begin
    if p_rows_planned > 0 then
        perform _duplication.emit_event(p_id, 'duplication.progress', jsonb_build_object(
            'id', p_id, 'stage', p_level, 'amount', p_rows_done, 'total', p_rows_planned
        ));
    end if;
end;
$$;

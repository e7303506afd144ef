create or replace function _duplication.emit_progress(
    p_id bigint, p_level text, p_rows_done bigint, p_rows_planned bigint
) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: tell on the feed how far a level is: a sum over its batches, so not for each batch.
-- Parameters: p_id, p_level; p_rows_done of p_rows_planned rows, as the view progress has them.
begin
    if p_rows_planned > 0 then
        perform _duplication.emit_event(p_id, 'duplication.progress', jsonb_build_object(
            'id', p_id, 'stage', p_level, 'amount', p_rows_done, 'total', p_rows_planned
        ));
    end if;
end;
$$;

create or replace function duplication.emit_progress(p_id bigint, p_level text) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: tell how far a level is, on the feed and as a NOTICE. A sum over its batches: call it now and then, not for
--   each batch.
-- Parameters: p_id, p_level.
declare
    v_progress record;
begin
    select p.rows_done, p.rows_planned into v_progress
    from duplication.progress as p
    where p.duplication_id = p_id and p.level = p_level;
    if v_progress.rows_planned > 0 then
        perform duplication.emit_event(p_id, 'duplication.progress', jsonb_build_object(
            'id', p_id, 'stage', p_level, 'amount', v_progress.rows_done, 'total', v_progress.rows_planned
        ));
        raise notice '% % of %', p_level, v_progress.rows_done, v_progress.rows_planned;
    end if;
end;
$$;

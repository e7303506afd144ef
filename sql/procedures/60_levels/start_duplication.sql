create or replace function _duplication.start_duplication(
    p_duplication duplication.duplications
) returns duplication.duplications
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: pending → in_progress, for save_duplication to write, or complete_duplication if the same step gets that far.
-- Parameters: p_duplication, whose runs are created.
-- Returns: p_duplication with the time at which it was started.
-- Does not commit.
begin
    p_duplication.started_at := coalesce(p_duplication.started_at, clock_timestamp());
    perform _duplication.emit_event(p_duplication.id, 'duplication.started', jsonb_build_object(
        'id', p_duplication.id, 'startedAt', p_duplication.started_at
    ));
    return p_duplication;
end;
$$;

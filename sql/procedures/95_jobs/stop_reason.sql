create or replace function _duplication.stop_reason(
    p_duplication duplication.duplications, p_level text
) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the gate 'status': why a job has nothing to do. Its duplication is not active, is driven by its caller, or
--   is still at an earlier level, whose own job is sent separately.
-- Parameters: p_duplication; p_level, the job's.
-- Returns: the reason; null if there is something to do.
declare
    v_next text;
begin
    if not p_duplication.traits ? 'active' then
        return format('duplication %s is %s', p_duplication.id, p_duplication.status);
    elsif p_duplication.driven_by <> 'queue' then
        return format('duplication %s is driven by its caller', p_duplication.id);
    end if;
    v_next := _duplication.next_level(p_duplication.id);
    if v_next <> p_level and not exists (
        select from _duplication.level_runs as r
        where r.duplication_id = p_duplication.id and r.level = p_level and r.completed_at is not null
    ) then
        return format('duplication %s is still at level %s', p_duplication.id, v_next);
    end if;
    return null;
end;
$$;

create or replace function _duplication.explain_job(p_id bigint, p_level text) returns text
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: say what a job would do if it was sent again, for people who look at dead letters.
-- Parameters: p_id, p_level, the job.
-- Returns: a sentence.
declare
    v_duplication duplication.duplications;
begin
    select d.* into v_duplication from duplication.duplications as d where d.id = p_id;
    if not found then
        return format('there is no duplication %s in this database', p_id);
    elsif not _duplication.has_level(p_id, p_level) then
        return format('duplication %s has no level %s', p_id, p_level);
    end if;
    return coalesce(
        'nothing to do: ' || _duplication.stop_reason(v_duplication, p_level),
        'waiting: ' || v_duplication.waiting_reason,
        format('it can be copied: duplication %s is %s', p_id, v_duplication.status)
    );
end;
$$;

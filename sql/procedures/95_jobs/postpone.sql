create or replace function _duplication.postpone(p_id bigint, p_reason text, p_wait interval) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: let a duplication wait: the dispatcher sends its job when the time has come. An event tells that a wait
--   begins, and none that it goes on.
-- Parameters: p_id; p_reason, for people; p_wait, how long from now.
-- Locks: the duplication's row, until commit. Does not commit.
declare
    v_until timestamptz := clock_timestamp() + p_wait;
    v_waits boolean;
begin
    select d.not_before is not null into v_waits
    from duplication.duplications as d
    where d.id = p_id
    for no key update;
    update duplication.duplications as d
    set not_before = v_until, waiting_reason = p_reason
    where d.id = p_id and d.traits ? 'active';
    if found and not v_waits then
        perform _duplication.emit_event(p_id, 'duplication.waiting', jsonb_build_object(
            'id', p_id, 'reason', p_reason, 'until', v_until
        ));
    end if;
end;
$$;

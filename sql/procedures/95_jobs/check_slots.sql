create or replace function _duplication.check_slots(p_id bigint, out reason text, out wait interval)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the gate 'slots': at most settings.max_active duplications are at work at a time, over all workers.
-- Parameters: p_id, the duplication that needs a slot.
-- Returns: the reason to wait, and how long; both null if a slot is free.
begin
    select format('%s duplications are at work, of %s', w.others, s.max_active), s.active_wait
    into reason, wait
    from duplication.settings as s
    cross join (
        select count(distinct a.duplication_id) as others
        from _duplication.attempts as a
        where a.ended_at is null and a.duplication_id <> p_id and _duplication.is_alive(a)
    ) as w
    where w.others >= s.max_active;
end;
$$;

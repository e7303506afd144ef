create or replace function _duplication.handle_clock_skew() returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: after the clock was moved back, let nothing wait until the old time returns. A wait longer than any that the
--   engine gives ends now, and a job that seems to have been sent in the future counts as sent now.
-- Locks: the rows of these duplications, until commit; rows locked by other sessions are left out. Does not commit.
begin
    update duplication.duplications as d
    set not_before = clock_timestamp()
    where d.id = any(array(
        select w.id
        from duplication.duplications as w
        where w.not_before > (
            select clock_timestamp() + greatest(s.disabled_wait, s.active_wait, s.load_wait, s.throttle_window, interval '1 min')
            from duplication.settings as s
        )
        for no key update skip locked
    ));
    update duplication.duplications as d
    set dispatched_at = clock_timestamp()
    where d.id = any(array(
        select w.id
        from duplication.duplications as w
        where w.driven_by = 'queue' and w.traits ? 'active' and w.not_before is null
            and w.dispatched_at > (select clock_timestamp())
        for no key update skip locked
    ));
end;
$$;

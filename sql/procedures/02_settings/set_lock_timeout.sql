create or replace function _duplication.set_lock_timeout() returns void
language plpgsql
as $$
-- Purpose: for the rest of the transaction, wait for a lock no longer than settings.lock_timeout. A session that waits
--   for a lock stops all sessions that ask for it later. No SET clause: it would end with this function.
begin
    perform pg_catalog.set_config('lock_timeout', pg_catalog.date_part('epoch', s.lock_timeout) * 1000 || 'ms', true)
    from duplication.settings as s;
end;
$$;

create or replace function _duplication.set_lock_timeout() returns void
language plpgsql
as $$
-- Purpose: for the rest of the transaction, wait no longer for a lock than settings.lock_timeout: who waits in a queue
--   stops everyone behind himself. No SET clause, which would end with this function.
begin
    perform pg_catalog.set_config('lock_timeout', pg_catalog.date_part('epoch', s.lock_timeout) * 1000 || 'ms', true)
    from duplication.settings as s;
end;
$$;

create or replace function _duplication.raise_notice(p_message text) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: tell the caller, as a NOTICE, what the feed is told. Each NOTICE is a packet and wakes the client. So a
--   client that does not show them, such as a worker, sets duplication.notices to off.
-- Parameters: p_message.
begin
    if current_setting('duplication.notices', true) is distinct from 'off' then
        raise notice '%', p_message;
    end if;
end;
$$;

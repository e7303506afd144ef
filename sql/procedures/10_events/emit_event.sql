create or replace function _duplication.emit_event(p_id bigint, p_type text, p_payload jsonb) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: append to the feed, in the transaction that did what it tells.
-- Parameters: p_id; p_type, such as 'duplication.started'; p_payload, an object.
begin
    insert into duplication.events (duplication_id, type, payload) values (p_id, p_type, p_payload);
end;
$$;

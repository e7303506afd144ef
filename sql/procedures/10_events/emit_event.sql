create or replace function _duplication.emit_event(p_id bigint, p_type text, p_payload jsonb) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: append an event to the feed, in the transaction that the event is about.
-- Parameters: p_id; p_type, one of event_types; p_payload, an object with the fields that event_types names.
-- Errors: 23514 for a type that is not in event_types.
begin
    insert into duplication.events (duplication_id, type, payload)
    select p_id, t.type, p_payload
    from duplication.event_types as t
    where t.type = p_type;
    if not found then
        raise check_violation using message = format('%L is not a type of events', p_type);
    end if;
end;
$$;

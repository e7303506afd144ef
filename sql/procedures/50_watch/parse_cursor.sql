create or replace function duplication.parse_cursor(p_cursor text, out xid xid8, out event bigint)
language plpgsql immutable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: read a cursor of the feed: the transaction and the number of the last event seen.
-- Parameters: p_cursor, as read_events returns it.
-- Errors: UD016 if it is none.
begin
    -- as many digits as surely fit
    if p_cursor !~ '^[0-9]{1,19}-[0-9]{1,18}$' then
        raise exception using
            errcode = 'UD016',
            message = format('%L is not a cursor of the feed', left(p_cursor, 100)),
            hint = 'Pass one that read_events has returned, ''0-0'' for all there is, or null for what comes from now on.';
    end if;
    xid := split_part(p_cursor, '-', 1)::xid8;
    event := split_part(p_cursor, '-', 2)::bigint;
end;
$$;

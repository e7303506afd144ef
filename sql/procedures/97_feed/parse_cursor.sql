create or replace function _duplication.parse_cursor(
    p_cursor text, out told pg_snapshot, out telling pg_snapshot, out event bigint, out home text
)
language plpgsql immutable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: read a cursor. 'told@home': the reader has all events that snapshot told sees. 'told/telling/event@home': of
--   those that only snapshot telling sees, it has the ones up to number event. home is the feed_id.
-- Parameters: p_cursor, as read_events returns it, or '0', which is of every feed.
-- Errors: UD016 if p_cursor is not a cursor.
begin
    if p_cursor = '0' then
        -- a snapshot that sees nothing
        told := '1:1:';
        return;
    end if;
    if p_cursor !~ '^[0-9:,]+(/[0-9:,]+/[0-9]+)?@[0-9a-f]{8}$' then
        raise invalid_text_representation;
    end if;
    home := split_part(p_cursor, '@', 2);
    p_cursor := split_part(p_cursor, '@', 1);
    told := split_part(p_cursor, '/', 1)::pg_snapshot;
    telling := nullif(split_part(p_cursor, '/', 2), '')::pg_snapshot;
    event := nullif(split_part(p_cursor, '/', 3), '')::bigint;
exception
    when invalid_text_representation or numeric_value_out_of_range then
        raise exception using
            errcode = 'UD016',
            message = format('%L is not a cursor of the feed', left(p_cursor, 100)),
            hint = 'Pass one that read_events has returned, ''0'' for all there is, or null for what comes from now on.';
end;
$$;

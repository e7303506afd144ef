create or replace function duplication.read_events(
    p_after text default null, p_limit integer default 500, p_id bigint default null, p_until text default null
) returns table (event_cursor text, duplication_id bigint, type text, payload jsonb, created_at timestamptz)
language plpgsql stable
-- an application needs no rights on the engine's tables
security definer
set search_path to pg_catalog, pg_temp
as $$
-- A number cannot be the cursor, since a higher number may become visible before a lower one. A snapshot can: an event
--   that it did not see and a later snapshot sees is new to the reader. An open transaction delays only its own events.
declare
    v_now pg_snapshot := coalesce((select u.told from _duplication.parse_cursor(p_until) as u), pg_current_snapshot());
    v_after record;
begin
    select c.* into v_after from _duplication.parse_cursor(p_after) as c;
    if p_after is null or v_after.home <> _duplication.feed_id()
        or pg_snapshot_xmax(v_after.told) > pg_snapshot_xmax(pg_current_snapshot()) or exists (
        select from _duplication.installation as i
        where i.purged_xid >= pg_snapshot_xmin(v_after.told)
    ) then
        return query select duplication.feed_position(), null::bigint, 'reset', '{}'::jsonb, clock_timestamp();
        return;
    end if;
    if v_after.telling is not null then
        return query select p.* from _duplication.page_events(v_after.told, v_after.telling, v_after.event, p_limit, p_id) as p;
        if found then
            return;
        end if;
    end if;
    return query
    select p.* from _duplication.page_events(coalesce(v_after.telling, v_after.told), v_now, 0, p_limit, p_id) as p;
end;
$$;
comment on function duplication.read_events(text, integer, bigint, text) is
'What has happened since a cursor: the feed. What the types are, and what their payloads have, is in the view
duplication.event_types.

Parameters
  p_after: text, the cursor of the last event seen; ''0'' for all there is; null, the default: from now on.
  p_limit: integer, how many events at most; 500 by default.
  p_id: bigint, one duplication; null, the default, for all.
  p_until: text, the cursor of another reader: events behind it are left out; null, the default: up to now.
Returns: a row per event: event_cursor, duplication_id, type, payload (an object), created_at; in the order in which
  they became visible, those that did together in the order of their numbers. Or one row alone, of type ''reset'', if
  p_after is null, older than what was purged, or of another database: a reader that keeps a state loads it anew, and
  goes on from the cursor of the reset.
Errors: UD016 (not a cursor).
Commits: no.
Rights: EXECUTE; it runs with its owner''s rights.
Example: select * from duplication.read_events(''0'');';

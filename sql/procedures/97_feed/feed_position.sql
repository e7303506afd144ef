create or replace function duplication.feed_position() returns text
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: where the feed stands. Taken first, and the duplications looked at afterwards, nothing is missed in between.
    -- Returns: a cursor for read_events.
    select format('%s@%s', pg_current_snapshot(), _duplication.feed_id());
$$;

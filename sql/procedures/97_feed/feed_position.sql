create or replace function duplication.feed_position() returns text
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- A snapshot, and the feed that it is of.
    select format('%s@%s', pg_current_snapshot(), _duplication.feed_id());
$$;
comment on function duplication.feed_position() is
'A cursor for the end of the feed. Take it first and read the duplications afterwards: no event is missed in between.

Parameters: none.
Returns: text, a cursor for read_events.
Errors: none.
Commits: no.
Rights: EXECUTE, and those of a worker in _duplication; an application calls read_events without a cursor instead.
Example: select duplication.feed_position();';

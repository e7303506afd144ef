create or replace function _duplication.feed_id() returns text
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: name the feed that a cursor is of. Transaction ids mean nothing in another database or a restored one.
    -- Returns: eight digits; adopt() gives the database new ones.
    select left(i.id::text, 8) from _duplication.installation as i;
$$;

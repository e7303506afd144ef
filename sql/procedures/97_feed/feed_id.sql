create or replace function _duplication.feed_id() returns text
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: which feed a cursor is of. Transactions have other numbers in another database, and in one that was restored.
    -- Returns: eight digits, until adopt() gives the database others.
    select left(i.id::text, 8) from _duplication.installation as i;
$$;

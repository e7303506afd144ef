create or replace function duplication.version() returns integer
language sql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the version of the engine: the number of its newest revision, 2 for engine_0002. It says what a migration
    --   has to begin with, and a driver works with a stated range and waits outside it, so that migrating needs no order.
    --   So a change that an older driver, or a newer one, would trip over needs a revision, be it an empty one.
    select 1;
$$;

create or replace function duplication.version() returns integer
language sql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the version of what the driver calls. Raised with every change that an older driver, or a newer one, would
    --   trip over; a driver works with a stated range and waits outside it, so that migrating needs no order.
    select 5;
$$;

create or replace function duplication.version() returns integer
language sql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
    -- Raised with every change that an older driver, or a newer one, would trip over: so migrating needs no order.
    select 5;
$$;
comment on function duplication.version is
'The version of what the driver calls. A driver works with a stated range of versions, and waits outside of it.

Parameters: none.
Returns: integer.
Errors: none.
Commits: no.
Rights: EXECUTE.
Example: select duplication.version();';

create or replace function duplication.version() returns integer
language sql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
    -- A change that breaks an older or a newer driver needs a revision, even if the revision does nothing.
    select 1;
$$;
comment on function duplication.version() is
'The version of the installed engine: the number of its newest revision, 2 for engine_0002. A migration sets it first.
A driver works with a stated range of versions. While the version is outside that range, the driver waits.

Parameters: none.
Returns: integer.
Errors: none.
Commits: no.
Rights: EXECUTE.
Example: select duplication.version();';

create or replace function duplication.version() returns integer
language sql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
    -- A change that an older driver, or a newer one, would trip over needs a revision, be it an empty one.
    select 1;
$$;
comment on function duplication.version is
'The version of the installed engine: the number of its newest revision, 2 for engine_0002. A migration begins
with it. A driver works with a stated range of versions, and waits outside of it.

Parameters: none.
Returns: integer.
Errors: none.
Commits: no.
Rights: EXECUTE.
Example: select duplication.version();';

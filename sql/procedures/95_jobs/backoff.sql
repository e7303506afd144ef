create or replace function _duplication.backoff(p_failures integer) returns interval
language sql volatile
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: how long to wait after so many failures in a row: doubling from a second to a minute, and different for each
    --   job, so that those that failed together do not come back together.
    -- Parameters: p_failures, at least 1.
    select interval '1 s' * least(2 ^ (p_failures - 1), 60) * (0.5 + random() / 2);
$$;

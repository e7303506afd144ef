create or replace function _duplication.backoff(p_failures integer) returns interval
language sql volatile
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: how long to wait after several failures in a row: from a second to a minute, doubled each time. A part
    --   of the wait is random, so that jobs that failed together do not come back together.
    -- Parameters: p_failures, how many, at least 1.
    select interval '1 s' * least(2 ^ (p_failures - 1), 60) * (0.5 + random() / 2);
$$;

create or replace function _duplication.is_retryable(p_sqlstate text) returns boolean
language sql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: whether a batch that met this error should be tried again at once. Either another transaction was in the
    --   way (a lock, a deadlock, a serialization failure, a row that came or went meanwhile), or an upgrade replaced a
    --   routine that the batch called.
    -- Parameters: p_sqlstate, five characters.
    select p_sqlstate in ('40001', '40P01', '55P03', '42883', 'UD011');
$$;

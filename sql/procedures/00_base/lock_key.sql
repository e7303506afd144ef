create or replace function _duplication.lock_key(p_id bigint) returns bigint
language plpgsql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the key of a duplication's advisory lock. Batches hold it shared, discard exclusively.
--   Hashed from a name, since the application shares the key space.
-- Parameters: p_id, a duplication. Returns: a 64-bit key.
begin
    return hashtextextended('duplication:' || p_id, 0);
end;
$$;

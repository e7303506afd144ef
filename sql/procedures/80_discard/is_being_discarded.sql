create or replace function _duplication.is_being_discarded(p_id bigint) returns boolean
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: whether a session holds a duplication's lock, as a discard does during a batch, or waits for the lock. A
    --   session between two batches is not seen.
    -- Parameters: p_id.
    select exists (
        select from pg_locks as l
        where l.locktype = 'advisory' and l.objsubid = 1
            and l.database = (select d.oid from pg_database as d where d.datname = current_database())
            and (l.classid::bigint << 32) | l.objid::bigint = _duplication.lock_key('duplication', p_id::text)
    );
$$;

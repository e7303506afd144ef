create or replace function _duplication.is_being_discarded(p_id bigint) returns boolean
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: whether some session is in the middle of a batch of a duplication, or waits for its turn. Between two batches
    --   it is not seen.
    -- Parameters: p_id.
    select exists (
        select from pg_locks as l
        where l.locktype = 'advisory' and l.objsubid = 1
            and l.database = (select d.oid from pg_database as d where d.datname = current_database())
            and (l.classid::bigint << 32) | l.objid::bigint = _duplication.lock_key('duplication', p_id::text)
    );
$$;

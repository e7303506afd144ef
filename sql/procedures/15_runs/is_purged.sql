create or replace function _duplication.is_purged(p_id bigint) returns boolean
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: whether a duplication is purged, or its purge has begun: a purge deletes the batches first.
    -- Parameters: p_id.
    select d.purged_at is not null or exists (
        select from _duplication.level_runs as r
        where r.duplication_id = d.id and r.purged_batches > 0
    )
    from duplication.duplications as d
    where d.id = p_id;
$$;

create or replace function _duplication.next_to_purge(p_after bigint default null) returns bigint
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: of the duplications that are not purged, the one that was completed or discarded first, if that is
    --   longer ago than settings.purge_after.
    -- Parameters: p_after, the duplication to search behind, in that order; null to search from the first.
    -- Returns: the id of the duplication; null if there is none.
    select due.id
    from duplication.settings as s
    cross join (
        select
            coalesce(max(coalesce(d.discarded_at, d.completed_at)), '-infinity') as over_since, coalesce(max(d.id), 0) as id
        from duplication.duplications as d
        where d.id = p_after
    ) as last
    cross join lateral (
        select d.id, coalesce(d.discarded_at, d.completed_at) as over_since
        from duplication.duplications as d
        where d.traits ? 'over' and d.purged_at is null
            and (coalesce(d.discarded_at, d.completed_at), d.id) > (last.over_since, last.id)
        order by coalesce(d.discarded_at, d.completed_at), d.id
        limit 1
    ) as due
    where s.purge_after is not null and due.over_since <= clock_timestamp() - s.purge_after;
$$;

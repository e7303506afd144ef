create or replace function _duplication.next_batch_to_discard(
    p_id bigint, p_level text, p_after integer
) returns _duplication.batches
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the batch to discard next: the last level is discarded first.
    -- Parameters: p_id; p_level and p_after, the level and the batch to search behind; null to find the last level.
    -- Returns: the batch; null if there is none.
    select b.*
    from _duplication.level_runs as r
    cross join lateral (
        select b.*
        from _duplication.batches as b
        where b.duplication_id = p_id and b.level = r.level and b.batch_no > coalesce(p_after, 0)
        order by b.batch_no
        limit 1
    ) as b
    where r.duplication_id = p_id and r.level = coalesce(p_level, r.level)
    order by r.ordinal desc
    limit 1;
$$;

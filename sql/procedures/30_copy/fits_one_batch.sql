create or replace function duplication.fits_one_batch(p_id bigint, p_level text) returns boolean
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: whether a level has no more rows than its first batch takes.
    -- Parameters: p_id, p_level.
    select r.rows_planned <= duplication.level_batch_rows(d.tree, coalesce(r.relinks, r.level))
    from duplication.level_runs as r
    inner join duplication.duplications as d on d.id = r.duplication_id
    where r.duplication_id = p_id and r.level = p_level;
$$;

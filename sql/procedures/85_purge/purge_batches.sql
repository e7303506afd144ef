create or replace function _duplication.purge_batches(p_id bigint) returns void
language sql
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: delete a duplication's batches, which are few, and its pieces, and keep the sums of the batches.
    -- Parameters: p_id, a duplication that is over.
    -- Locks: the rows, until commit. Does not commit.
    with deleted as (
        delete from _duplication.batches as b
        where b.duplication_id = p_id
        returning b.level, b.rows_planned, b.rows
    )

    update _duplication.level_runs as r
    set
        purged_batches = r.purged_batches + d.batches,
        purged_rows_planned = r.purged_rows_planned + d.rows_planned,
        purged_rows = r.purged_rows + d.rows
    from (
        select b.level, count(*) as batches, sum(b.rows_planned) as rows_planned, sum(b.rows) as rows
        from deleted as b
        group by b.level
    ) as d
    where r.duplication_id = p_id and r.level = d.level;
    delete from _duplication.pieces as p where p.duplication_id = p_id;
$$;

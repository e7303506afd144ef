create or replace function duplication.last_copied_piece(p_id bigint, p_level text) returns integer
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the last piece of the batch furthest on; pieces before it may be left, in other sessions' hands.
    -- Parameters: p_id, p_level. Returns: 0 if no batch is committed.
    select coalesce(max(b.last_piece), 0)
    from (
        select b.last_piece
        from duplication.batches as b
        where b.duplication_id = p_id and b.level = p_level
        order by b.batch_no desc
        limit 1
    ) as b;
$$;

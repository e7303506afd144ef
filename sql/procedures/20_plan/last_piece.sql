create or replace function duplication.last_piece(p_id bigint, p_level text) returns integer
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the last piece that a level's plan has cut. Parameters: p_id, p_level. Returns: 0 for none.
    select coalesce(max(p.piece_no), 0)
    from duplication.pieces as p
    where p.duplication_id = p_id and p.level = p_level;
$$;

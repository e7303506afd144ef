create or replace function _duplication.last_piece(p_id bigint, p_level text) returns integer
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the last piece that a level's plan has cut. Parameters: p_id, p_level. Returns: 0 for none.
begin
    return coalesce((
        -- not max(), which 15 may answer by reading all of them
        select p.piece_no
        from _duplication.pieces as p
        where p.duplication_id = p_id and p.level = p_level
        order by p.piece_no desc
        limit 1
    ), 0);
end;
$$;

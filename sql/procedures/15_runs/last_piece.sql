create or replace function _duplication.last_piece(p_id bigint, p_level text) returns integer
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the last piece of a level's plan. Parameters: p_id, p_level. Returns: its piece_no; 0 if there is none.
begin
    return coalesce((
        -- not max(): PostgreSQL 15 may read all pieces for it
        select p.piece_no
        from _duplication.pieces as p
        where p.duplication_id = p_id and p.level = p_level
        order by p.piece_no desc
        limit 1
    ), 0);
end;
$$;

create or replace function _duplication.has_pieces_left(p_id bigint, p_level text, p_furthest integer) returns boolean
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: whether a level has pieces that are not copied, as far as committed transactions and this one tell.
-- Parameters: p_id, p_level; p_furthest, the last piece of the batch furthest on, where to look first, as claim_pieces says.
begin
    return exists (
        select from _duplication.pieces as p
        where p.duplication_id = p_id and p.level = p_level and p.piece_no > p_furthest
    ) or exists (
        select from _duplication.pieces as p
        where p.duplication_id = p_id and p.level = p_level
    );
end;
$$;

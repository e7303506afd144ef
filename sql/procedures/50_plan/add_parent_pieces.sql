create or replace function _duplication.add_parent_pieces(
    p_id bigint, p_level text, p_first_number bigint, p_last_numbers bigint[], p_rows bigint[]
) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: add pieces that are ranges of parents. A piece begins where the piece before it ends, so parents
--   without children need no piece of their own.
-- Parameters: p_id, p_level of the children; p_first_number, of the first piece's first parent; p_last_numbers, of each piece's
--   last parent, ascending; p_rows, the children of each piece. Does not commit.
declare
    v_last_piece integer := _duplication.last_piece(p_id, p_level);
begin
    insert into _duplication.pieces (duplication_id, level, piece_no, range_of, first_number, last_number, rows)
    select
        p_id, p_level, v_last_piece + c.number, 'parents',
        lag(c.last_number, 1, p_first_number - 1) over (order by c.number) + 1, c.last_number, c.rows
    from unnest(p_last_numbers, p_rows) with ordinality as c (last_number, rows, number);
end;
$$;

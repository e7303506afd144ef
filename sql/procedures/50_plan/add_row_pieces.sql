create or replace function _duplication.add_row_pieces(
    p_id bigint, p_level text, p_rows bigint, p_piece_rows integer
) returns integer
language sql
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: cut the rows that were planned last into pieces.
    -- Parameters: p_id, p_level; p_rows, how many rows; p_piece_rows, how many to a piece.
    -- Returns: the last piece's number. Does not commit.
    insert into _duplication.pieces (duplication_id, level, piece_no, range_of, first_number, last_number, rows)
    select
        p_id, p_level, piece.last_no + row_number() over (order by first.number), 'rows',
        first.number, least(first.number + p_piece_rows - 1, last.number),
        least(p_piece_rows, last.number - first.number + 1)
    from _duplication.last_number(p_id, p_level) as last (number)
    cross join _duplication.last_piece(p_id, p_level) as piece (last_no)
    cross join lateral generate_series(last.number - p_rows + 1, last.number, p_piece_rows) as first (number);
    select _duplication.last_piece(p_id, p_level);
$$;

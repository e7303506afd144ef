create or replace function _duplication.claim_pieces(
    p_id bigint,
    p_level text,
    p_batch_rows integer,
    p_furthest integer,
    out batch_no integer,
    out last_piece integer,
    out range_of text,
    out first_number bigint,
    out last_number bigint,
    out rows bigint
)
language plpgsql
set search_path to pg_catalog, pg_temp
-- reading the index piece by piece locks no more pieces than the batch takes
set enable_bitmapscan to off
set enable_sort to off
as $$
-- Purpose: claim the next neighbouring pieces of a level that no other session holds, for one statement to copy. Claimed
--   pieces are deleted: a piece exists as long as it is not copied.
-- Parameters: p_id, p_level; p_batch_rows, how many rows a batch aims at; p_furthest, the last piece of the
--   batch furthest on, 0 for none; pieces before it may be left, in other sessions' hands.
-- Returns: one row, the range of the batch; batch_no is the number of its first piece, null if there is none to take.
-- Locks: the pieces, until commit. Does not commit.
declare
    v_pieces cursor (p_after integer) for
        select p.piece_no, p.range_of, p.first_number, p.last_number, p.rows
        from _duplication.pieces as p
        where p.duplication_id = p_id and p.level = p_level and p.piece_no > p_after
        order by p.piece_no
        for update skip locked;
    v_piece record;
    v_after integer;
begin
    -- Behind the last batch first: while an old snapshot is open, deleted pieces stay in the index, and from the beginning each
    -- batch would pass over all of them.
    foreach v_after in array array[p_furthest, 0] loop
        open v_pieces (v_after);
        loop
            fetch v_pieces into v_piece;
            exit when not found;
            if batch_no is null then
                batch_no := v_piece.piece_no;
                range_of := v_piece.range_of;
                first_number := v_piece.first_number;
                rows := 0;
            end if;
            -- neighbours in number alone may have a piece between them that another session holds
            exit when v_piece.range_of <> range_of or v_piece.piece_no <> coalesce(last_piece + 1, batch_no)
                or v_piece.first_number <> coalesce(last_number + 1, first_number);
            last_piece := v_piece.piece_no;
            last_number := v_piece.last_number;
            rows := rows + v_piece.rows;
            exit when rows >= p_batch_rows;
        end loop;
        close v_pieces;
        exit when batch_no is not null;
    end loop;
    delete from _duplication.pieces as p
    where p.duplication_id = p_id and p.level = p_level and p.piece_no between batch_no and last_piece;
end;
$$;

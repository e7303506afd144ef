create or replace function _duplication.plan_parents(
    p_id bigint, p_tree text, p_level text, p_statement text, p_first_parent bigint, p_last_parent bigint,
    p_batch_rows integer
) returns bigint
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: plan the children of a level that nothing refers to, without a row in id_map for each: its pieces are
--   ranges of parents. A parent with more children than a batch holds has them planned one by one, so they can be
--   split.
-- Parameters: p_id; p_tree and p_level of the children; p_statement, the cut_statement of the level;
--   p_first_parent to p_last_parent, parents by their numbers in plan order; p_batch_rows of the level.
-- Returns: the rows planned.
-- Does not commit.
declare
    v_piece_rows integer := _duplication.piece_rows(p_batch_rows);
    -- without a key, children cannot be told apart
    v_may_split boolean := (
        select l.key_column is not null from duplication.levels as l where l.tree = p_tree and l.name = p_level
    );
    v_piece record;
    v_rows bigint := 0;
    v_first_number bigint := coalesce((
        select p.last_number + 1
        from _duplication.pieces as p
        where p.duplication_id = p_id and p.level = p_level
            and p.piece_no = _duplication.last_piece(p_id, p_level) and p.range_of = 'parents'
    ), p_first_parent);
    -- the pieces that are not added yet: one INSERT adds many of them
    v_last_numbers bigint[] := array[]::bigint[];
    v_row_counts bigint[] := array[]::bigint[];
begin
    perform _duplication.use_tree_path(p_tree);
    for v_piece in execute _duplication.prepare_statement(
        p_statement, 'bigint, bigint, bigint, bigint', p_first_parent::text, p_last_parent::text, v_piece_rows::text,
        (case when v_may_split then p_batch_rows else 9223372036854775807 end)::text
    )
    loop
        if v_piece.is_split then
            perform _duplication.add_parent_pieces(p_id, p_level, v_first_number, v_last_numbers, v_row_counts);
            v_first_number := v_piece.last_number + 1;
            v_last_numbers := array[]::bigint[];
            v_row_counts := array[]::bigint[];
            v_piece.rows := (
                select _duplication.plan_rows(
                    p_id, p_tree, p_level, _duplication.plan_statement(e), v_piece.first_number,
                    v_piece.last_number
                )
                from duplication.edges as e
                where e.tree = p_tree and e.level = p_level
            );
            perform _duplication.add_row_pieces(p_id, p_level, v_piece.rows, v_piece_rows);
        else
            v_last_numbers := v_last_numbers || v_piece.last_number;
            v_row_counts := v_row_counts || v_piece.rows;
        end if;
        v_rows := v_rows + v_piece.rows;
    end loop;
    perform _duplication.add_parent_pieces(p_id, p_level, v_first_number, v_last_numbers, v_row_counts);
    return v_rows;
end;
$$;

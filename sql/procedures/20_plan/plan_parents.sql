create or replace function duplication.plan_parents(
    p_id bigint, p_edge duplication.edges, p_first_parent bigint, p_last_parent bigint
) returns bigint
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: plan the children of a level that nothing refers to, without a row in id_map for each: its pieces are
--   ranges of parents. A parent with more children than a batch holds has them planned one by one, so they can be
--   split.
-- Parameters: p_id; p_edge, the level's only one; p_first_parent to p_last_parent, parents by their numbers in plan order.
-- Returns: the rows planned.
-- Does not commit.
declare
    v_name text := p_edge.level;
    v_level record;
    v_piece_rows integer;
    v_piece record;
    v_rows bigint := 0;
    v_piece_no integer := duplication.last_piece(p_id, v_name);
    v_from bigint;
    v_statement text;
begin
    select r.* into v_level from duplication.resolve_level(p_edge.tree, v_name) as r;
    v_piece_rows := duplication.piece_rows(v_level.batch_rows);
    -- A piece begins where the one before it ends: parents without children need none of their own.
    v_from := coalesce((
        select p.last_number + 1
        from duplication.pieces as p
        where p.duplication_id = p_id and p.level = v_name and p.piece_no = v_piece_no and p.kind = 'parents'
    ), p_first_parent);
    v_statement := format(
        $statement$
            with counted as (
                select m.number, c.rows
                from (
                    select p.number, p.orig_key from duplication.id_map as p
                    where p.number between $1 and $2
                    order by p.number
                ) as m
                cross join lateral (
                    select count(*) as rows from %s as s where s.%I = m.orig_key%s%s
                ) as c
            ),

            cut as (
                select
                    c.number, c.rows, c.rows > $4 as is_split,
                    div(sum(c.rows) over (order by c.number) - c.rows, $3) as bucket,
                    count(*) filter (where c.rows > $4) over (order by c.number) as splits
                from counted as c
            )

            select min(c.number) as first_number, max(c.number) as last_number, sum(c.rows)::bigint as rows, c.is_split
            from cut as c
            where c.rows > 0
            group by c.bucket, c.splits, c.is_split
            order by 1
        $statement$,
        v_level.relation, v_level.edge_column, v_level.parent_key_cast,
        v_level.filter_clause || v_level.edge_clause
    );
    perform duplication.use_tree_path(p_edge.tree);
    for v_piece in execute v_statement using p_first_parent, p_last_parent, v_piece_rows,
        -- without a key, children cannot be told apart
        case when v_level.key_column is null then 9223372036854775807 else v_level.batch_rows end
    loop
        if v_piece.is_split then
            v_piece.rows := duplication.plan_rows(p_id, p_edge, v_piece.first_number, v_piece.last_number);
            v_piece_no := duplication.add_row_pieces(p_id, v_name, v_piece.rows, v_piece_rows);
        else
            v_piece_no := v_piece_no + 1;
            insert into duplication.pieces (duplication_id, level, piece_no, kind, first_number, last_number, rows)
            values (p_id, v_name, v_piece_no, 'parents', v_from, v_piece.last_number, v_piece.rows);
        end if;
        v_from := v_piece.last_number + 1;
        v_rows := v_rows + v_piece.rows;
    end loop;
    return v_rows;
end;
$$;

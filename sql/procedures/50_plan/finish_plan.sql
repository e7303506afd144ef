create or replace function _duplication.finish_plan(p_id bigint) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: finish the plan: cut the rows of mapped levels into pieces, and give the backfills their pieces.
-- Parameters: p_id.
-- Errors: those of needs_one_batch. Does not commit.
begin
    insert into _duplication.pieces (duplication_id, level, piece_no, range_of, first_number, last_number, rows)
    select
        p_id, r.level, row_number() over (partition by r.level order by first.number), 'rows',
        first.number, least(first.number + n.piece_rows, n.last_number + 1) - 1,
        least(n.piece_rows, n.last_number + 1 - first.number)
    from _duplication.level_runs as r
    inner join duplication.duplications as d on d.id = r.duplication_id
    cross join lateral (
        select
            last.number as last_number,
            case
                when (r.refers_to_itself or r.deferred_columns <> '{}') and _duplication.needs_one_batch(p_id, r.level)
                    then greatest(1, last.number - r.first_number + 1)
                else _duplication.piece_rows(_duplication.level_batch_rows(d.tree, r.level))
            end as piece_rows
        from _duplication.last_number(p_id, r.level) as last (number)
        -- once for each level, not once for each piece
        offset 0
    ) as n
    cross join lateral generate_series(r.first_number, n.last_number, n.piece_rows) as first (number)
    where r.duplication_id = p_id and r.backfills is null and r.mapped;

    insert into _duplication.pieces (duplication_id, level, piece_no, range_of, first_number, last_number, rows)
    select p.duplication_id, r.level, p.piece_no, p.range_of, p.first_number, p.last_number, p.rows
    from _duplication.level_runs as r
    inner join _duplication.pieces as p on p.duplication_id = r.duplication_id and p.level = r.backfills
    where r.duplication_id = p_id;

    update _duplication.level_runs as r
    set planned_at = clock_timestamp(), rows_planned = (
        select coalesce(sum(p.rows), 0)
        from _duplication.pieces as p
        where p.duplication_id = p_id and p.level = r.level
    )
    where r.duplication_id = p_id;
end;
$$;

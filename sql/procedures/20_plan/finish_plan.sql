create or replace function duplication.finish_plan(p_id bigint) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: close the plan: cut what is planned row by row into pieces, and give the relinks theirs.
-- Parameters: p_id.
-- Errors: those of needs_one_batch. Does not commit.
declare
    v_run record;
begin
    for v_run in
        select
            r.level, r.mapped, r.late_columns, n.rows,
            case when duplication.needs_one_batch(p_id, r.level) then greatest(n.rows, 1)::integer
                else duplication.piece_rows(duplication.level_batch_rows(d.tree, r.level)) end as piece_rows
        from duplication.level_runs as r
        inner join duplication.duplications as d on d.id = r.duplication_id
        cross join lateral (
            select duplication.last_number(p_id, r.level) - r.first_number + 1 as rows
        ) as n
        where r.duplication_id = p_id and r.relinks is null and r.mapped
    loop
        perform duplication.add_row_pieces(p_id, v_run.level, v_run.rows, v_run.piece_rows);
    end loop;
    insert into duplication.pieces (duplication_id, level, piece_no, kind, first_number, last_number, rows)
    select p.duplication_id, r.level, p.piece_no, p.kind, p.first_number, p.last_number, p.rows
    from duplication.level_runs as r
    inner join duplication.pieces as p on p.duplication_id = r.duplication_id and p.level = r.relinks
    where r.duplication_id = p_id;
    update duplication.level_runs as r
    set planned_at = clock_timestamp(), rows_planned = (
        select coalesce(sum(p.rows), 0)
        from duplication.pieces as p
        where p.duplication_id = p_id and p.level = r.level
    )
    where r.duplication_id = p_id;
end;
$$;

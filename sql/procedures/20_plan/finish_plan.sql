create or replace function duplication.finish_plan(p_id bigint, p_level text, p_rows bigint) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: close a level's plan.
-- Parameters: p_id, p_level; p_rows, how many were planned.
-- Does not commit.
declare
    v_level record;
begin
    select r.* into v_level
    from duplication.duplications as d
    cross join lateral duplication.resolve_level(d.tree, p_level) as r
    where d.id = p_id;
    if v_level.mapped then
        perform duplication.add_row_pieces(p_id, p_level, p_rows, duplication.piece_rows(v_level.batch_rows));
    end if;
    update duplication.level_runs as r
    set rows_planned = p_rows, planned_at = clock_timestamp()
    where r.duplication_id = p_id and r.level = p_level;
end;
$$;

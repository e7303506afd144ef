create or replace function duplication.finish_level(
    p_duplication duplication.duplications, p_level text
) returns duplication.level_runs
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: mark a level done whose pieces are all copied, and with it those below that have nothing to copy; the last
--   level completes the duplication. Harmless when repeated.
-- Parameters: p_duplication, p_level.
-- Returns: the run of the level that comes next; all null when the duplication is completed.
-- Errors: UD007, UD014.
-- Locks: the level's row in level_runs, until commit. Does not commit.
declare
    v_id bigint := p_duplication.id;
    v_run duplication.level_runs;
    v_next duplication.level_runs;
    v_done bigint;
    v_copied bigint;
begin
    update duplication.level_runs as r
    set completed_at = clock_timestamp()
    where r.duplication_id = v_id and r.level = p_level and r.completed_at is null
    returning r.* into v_run;
    if not found then
        return duplication.next_run(v_id);
    end if;
    if p_duplication.new_root_key is null and p_level = duplication.root_level(p_duplication.tree) then
        update duplication.duplications as d
        set new_root_key = (select m.new_key from duplication.id_map as m where m.number = v_run.first_number)
        where d.id = v_id;
    end if;

    select coalesce(sum(b.rows_planned), 0), coalesce(sum(b.rows), 0) into v_done, v_copied
    from duplication.batches as b
    where b.duplication_id = v_id and b.level = p_level;
    perform duplication.emit_progress(v_id, p_level, v_done, v_run.rows_planned);
    perform duplication.emit_feedback(
        v_id, p_level, p_level || case when v_run.relinks is null then ' finished duplicating' else ' finished' end,
        v_copied
    );
    v_next := duplication.skip_empty_levels(v_id);
    if v_next.level is null then
        perform duplication.complete_duplication(v_id);
    end if;
    return v_next;
end;
$$;

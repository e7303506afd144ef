create or replace function _duplication.finish_level(
    p_duplication duplication.duplications, p_run _duplication.level_runs, p_rows bigint
) returns _duplication.level_runs
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: mark a level done whose pieces are all copied, and with it those below that have nothing to copy; the last
--   level completes the duplication. Harmless when repeated.
-- Parameters: p_duplication, as for save_duplication, with its new root if that is copied; p_run of a level that has been
--   started, whether or not that is written yet; p_rows copied, null if it took several batches.
-- Returns: the run of the level that comes next; all null when the duplication is completed.
-- Errors: UD007, UD014.
-- Locks: the level's row in level_runs, until commit. Does not commit.
declare
    v_id bigint := p_run.duplication_id;
    v_level text := p_run.level;
    v_done bigint := p_run.rows_planned;
    v_rows bigint := p_rows;
    v_next _duplication.level_runs;
begin
    update _duplication.level_runs as r
    set
        completed_at = clock_timestamp(), started_at = p_run.started_at, relation = p_run.relation,
        statement = p_run.statement, compiled_from = p_run.compiled_from
    where r.duplication_id = v_id and r.level = v_level and r.completed_at is null;
    if not found then
        return _duplication.next_run(v_id);
    end if;
    if p_rows is null then
        select coalesce(sum(b.rows_planned), 0), coalesce(sum(b.rows), 0) into v_done, v_rows
        from _duplication.batches as b
        where b.duplication_id = v_id and b.level = v_level;
    end if;
    perform _duplication.emit_progress(v_id, v_level, v_done, p_run.rows_planned);
    perform _duplication.emit_feedback(
        v_id, v_level, v_level || case when p_run.backfills is null then ' finished duplicating' else ' finished' end,
        v_rows,
        -- no NOTICE for a level that did not keep its caller waiting
        p_raises_notice => p_rows is null
    );
    v_next := _duplication.skip_empty_levels(v_id);
    if v_next.level is null then
        perform _duplication.complete_duplication(p_duplication);
    end if;
    return v_next;
end;
$$;

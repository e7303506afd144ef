create or replace function duplication.finish_level(p_id bigint, p_level text) returns text
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: mark a level done whose pieces are all copied, and with it those below that have nothing to copy; the last
--   level completes the duplication. Harmless when repeated.
-- Parameters: p_id, p_level.
-- Returns: the level that comes next, null when the duplication is completed.
-- Errors: UD007, UD014.
-- Locks: the level's row in level_runs, until commit. Does not commit.
declare
    v_run duplication.level_runs;
    v_done bigint;
    v_copied bigint;
    v_next text;
begin
    update duplication.level_runs as r
    set completed_at = clock_timestamp()
    where r.duplication_id = p_id and r.level = p_level and r.completed_at is null
    returning r.* into v_run;
    if not found then
        return duplication.next_level(p_id);
    end if;
    update duplication.duplications as d
    set new_root_key = (select m.new_key from duplication.id_map as m where m.number = v_run.first_number)
    where d.id = p_id and d.new_root_key is null and p_level = duplication.root_level(d.tree);

    select coalesce(sum(b.rows_planned), 0), coalesce(sum(b.rows), 0) into v_done, v_copied
    from duplication.batches as b
    where b.duplication_id = p_id and b.level = p_level;
    perform duplication.emit_progress(p_id, p_level, v_done, v_run.rows_planned);
    perform duplication.emit_feedback(
        p_id, p_level, p_level || case when v_run.relinks is null then ' finished duplicating' else ' finished' end,
        v_copied
    );
    v_next := duplication.skip_empty_levels(p_id);
    if v_next is null then
        perform duplication.complete_duplication(p_id);
    end if;
    return v_next;
end;
$$;

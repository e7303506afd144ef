create or replace function _duplication.skip_empty_levels(p_id bigint) returns _duplication.level_runs
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: mark done the levels that come next and have no row to copy, so no job is sent for them.
-- Parameters: p_id.
-- Returns: the run of the level that comes next; all null if none is left.
-- Does not commit.
declare
    v_tree text;
    v_run _duplication.level_runs;
    v_above record;
    v_below text;
begin
    loop
        v_run := _duplication.next_run(p_id);
        exit when v_run.level is null or v_run.rows_planned > 0;
        update _duplication.level_runs as r
        set completed_at = clock_timestamp()
        where r.duplication_id = p_id and r.level = v_run.level;

        v_tree := (_duplication.find_duplication(p_id)).tree;
        select string_agg(distinct l.row_name, ' or ') as row_name, sum(r.rows_planned) as rows_planned into v_above
        from duplication.edges as e
        inner join duplication.levels as l on l.tree = e.tree and l.name = e.parent_level
        inner join _duplication.level_runs as r on r.duplication_id = p_id and r.level = e.parent_level
        where e.tree = v_tree and e.level = v_run.level and e.parent_level <> v_run.level;
        select string_agg(distinct e.level, ', ') into v_below
        from duplication.edges as e
        where e.tree = v_tree and e.parent_level = v_run.level and e.level <> v_run.level;
        -- missing rows are reported once, at the topmost level
        if v_above.rows_planned > 0 then
            perform _duplication.emit_feedback(
                p_id, v_run.level,
                format('No new %s found for %s', v_run.level, v_above.row_name) || coalesce('; skipping ' || v_below, ''), 0
            );
        end if;
    end loop;
    return v_run;
end;
$$;

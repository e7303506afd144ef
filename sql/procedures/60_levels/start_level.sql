create or replace function _duplication.start_level(
    p_duplication duplication.duplications, p_run _duplication.level_runs
) returns _duplication.level_runs
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: fix the columns and the statement of a level when its first batch is copied.
-- Parameters: p_duplication, pending if it was started in this step; p_run of the level.
-- Returns: the level's run, for save_level_run or finish_level to write; as it is if it was started meanwhile; all null while
--   another session is starting it.
-- Errors: those of compile_level and lock_columns.
-- Locks: the level's row in level_runs, and its table as lock_columns does, until commit. Does not commit.
declare
    v_run _duplication.level_runs := p_run;
    v_level text := coalesce(p_run.backfills, p_run.level);
    -- if so, this transaction has written all runs of the duplication, compiled its tree and locked its tables
    v_is_new boolean := p_duplication.traits ? 'startable';
begin
    if not v_is_new then
        select r.* into v_run
        from _duplication.level_runs as r
        where r.duplication_id = p_duplication.id and r.level = p_run.level
        for no key update skip locked;
        if not found then
            return v_run;
        elsif v_run.started_at is not null then
            perform _duplication.lock_columns(v_run);
            return v_run;
        end if;
    end if;
    if not v_is_new and to_regclass(v_run.relation) is not null then
        execute format('lock table %s in row exclusive mode', v_run.relation);
    end if;
    if (p_duplication.options ? 'overrides' and v_level = _duplication.root_level(p_duplication.tree))
        or (not v_is_new or v_run.compiled_from is null)
        and v_run.compiled_from is distinct from _duplication.relation_fingerprint(to_regclass(v_run.relation))
    then
        v_run := _duplication.compile_level(v_run, p_duplication);
    end if;
    v_run.started_at := clock_timestamp();
    if v_run.backfills is not null then
        perform _duplication.emit_event(p_duplication.id, 'duplication.backfilling', jsonb_build_object(
            'id', p_duplication.id, 'stage', v_run.backfills, 'total', v_run.rows_planned
        ));
    end if;
    perform _duplication.emit_feedback(
        p_duplication.id, v_run.level,
        v_run.level || case when v_run.backfills is null then ' duplication started' else ' started' end,
        null, v_run.rows_planned, p_raises_notice => false
    );
    if v_run.backfills is null and (select s.foreign_keys_per_set from duplication.settings as s) <= v_run.rows_planned then
        v_run.per_row_reason := _duplication.per_row_reason(v_run.relation::regclass);
        if v_run.per_row_reason is not null then
            perform _duplication.fall_back_to_triggers(v_run, v_run.per_row_reason);
        end if;
    end if;
    return v_run;
end;
$$;

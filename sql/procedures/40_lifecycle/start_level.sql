create or replace function duplication.start_level(
    p_id bigint, p_level text, p_is_compiled boolean default false, p_root_is_known boolean default false
) returns text
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: fix the columns and the statement of a level when its first batch is copied. Harmless when repeated.
-- Parameters: p_id, p_level; p_is_compiled: its tree was, in this transaction; p_root_is_known: so was the copy's root seen.
-- Returns: 'copy' (go on), 'more' (it was started just now and has several batches: commit first, so that other sessions can
--   share them), 'wait' (another session is starting it).
-- Errors: UD009; those of copy_statement.
-- Locks: the level's row in level_runs, until commit. Does not commit.
declare
    v_duplication duplication.duplications;
    v_run duplication.level_runs;
    v_level text;
begin
    select r.* into v_run from duplication.level_runs as r where r.duplication_id = p_id and r.level = p_level;
    if v_run.started_at is not null then
        return 'copy';
    end if;
    select r.* into v_run
    from duplication.level_runs as r
    where r.duplication_id = p_id and r.level = p_level and r.started_at is null
    for no key update skip locked;
    if not found then
        return 'wait';
    end if;
    v_duplication := duplication.find_duplication(p_id);
    if v_duplication.new_root_key is not null and not p_root_is_known then
        perform duplication.check_new_root(v_duplication);
    end if;
    v_level := coalesce(v_run.relinks, p_level);
    if (v_duplication.options ? 'overrides' and v_level = duplication.root_level(v_duplication.tree))
        or (not p_is_compiled or v_run.compiled_from is null)
        and v_run.compiled_from is distinct from duplication.relation_fingerprint(to_regclass(v_run.relation))
    then
        v_run := duplication.compile_level(v_run, v_duplication);
    end if;
    update duplication.level_runs as r
    set
        started_at = clock_timestamp(), relation = v_run.relation, statement = v_run.statement,
        fingerprint = duplication.column_fingerprint(v_run.relation::regclass)
    where r.duplication_id = p_id and r.level = p_level;
    if v_run.relinks is not null then
        perform duplication.emit_event(p_id, 'duplication.relinking', jsonb_build_object(
            'id', p_id, 'stage', v_run.relinks, 'total', v_run.rows_planned
        ));
    end if;
    perform duplication.emit_feedback(
        p_id, p_level, p_level || case when v_run.relinks is null then ' duplication started' else ' started' end,
        null, v_run.rows_planned
    );
    return case when v_run.rows_planned > duplication.level_batch_rows(v_duplication.tree, v_level) then 'more'
        else 'copy' end;
end;
$$;

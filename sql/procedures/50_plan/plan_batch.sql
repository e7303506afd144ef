create or replace function _duplication.plan_batch(p_duplication duplication.duplications) returns text
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: one step of planning: plan the rows below the next parents, edge by edge, for half of target_batch_ms. The tree is
--   planned when no edge leads to a row that is not planned. A level below itself is planned breadth-first. The plan decides
--   every new key and every piece; copying follows it.
-- Parameters: p_duplication, one that has been started.
-- Returns: 'more' (call again), 'wait' (another session plans), 'planned' (the whole tree is).
-- Errors: those of finish_plan; UD004.
-- Locks: the first level's row in level_runs, until commit. Does not commit.
declare
    v_id bigint := p_duplication.id;
    v_run _duplication.level_runs;
    v_edge _duplication.edge_runs;
    v_step record;
    v_batch_rows integer;
    v_period tstzrange := _duplication.batch_period();
    v_parents bigint := 0;
    v_rows bigint := 0;
begin
    select r.* into v_run
    from _duplication.level_runs as r
    where r.duplication_id = v_id and r.ordinal = 1
    for no key update skip locked;
    if not found then
        return 'wait';
    elsif v_run.planned_at is not null then
        return 'planned';
    end if;
    perform _duplication.plan_root(p_duplication);
    -- a round may be a subtransaction; of more than 64, all other sessions would notice
    for v_round in 1 .. 50 loop
        v_edge := _duplication.next_edge(v_id);
        if v_edge.level is null then
            perform _duplication.finish_plan(v_id);
            return 'planned';
        end if;
        v_batch_rows := _duplication.level_batch_rows(p_duplication.tree, v_edge.level);
        v_step := _duplication.plan_edge(p_duplication.tree, v_edge, v_batch_rows);
        v_parents := v_parents + v_step.parents;
        v_rows := v_rows + v_step.rows;
        exit when case
            when lower(v_period) < upper(v_period) then not v_period @> clock_timestamp()
            -- without target_batch_ms, a batch's number of rows ends the step
            else greatest(v_parents, v_rows) >= v_batch_rows end;
    end loop;
    return 'more';
end;
$$;

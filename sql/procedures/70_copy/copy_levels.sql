create or replace function _duplication.copy_levels(
    p_duplication duplication.duplications,
    p_level text,
    p_carry_on boolean,
    p_together boolean,
    out step text,
    out next_level text
)
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the part of a step that copies: a batch of a level and, when that was its last, the levels after it that fit one
--   batch each.
-- Parameters: p_duplication, started, pending if it was in this step; p_level, p_carry_on and p_together as in advance_level.
-- Returns: step: 'more', 'wait' or 'done', and next_level, as advance_level.
-- Errors: those of check_new_root, start_level, lock_columns, copy_batch, finish_level and save_duplication.
-- Does not commit.
declare
    v_period tstzrange := _duplication.batch_period();
    v_id bigint := p_duplication.id;
    v_tree duplication.trees;
    v_run _duplication.level_runs;
    v_next _duplication.level_runs;
    v_batch_rows integer;
    v_is_saved boolean;
    v_is_changed boolean := p_duplication.traits ? 'startable';
    v_copied record;
begin
    select t.* into v_tree from duplication.trees as t where t.name = p_duplication.tree;
    if p_level is null then
        v_next := _duplication.next_run(v_id);
    else
        select r.* into v_next from _duplication.level_runs as r where r.duplication_id = v_id and r.level = p_level;
    end if;
    if v_next.started_at is null and p_duplication.new_root_key is not null then
        perform _duplication.check_new_root(p_duplication);
    end if;
    loop
        v_batch_rows := _duplication.level_batch_rows(p_duplication.tree, coalesce(v_next.backfills, v_next.level));
        exit when step = 'done' and v_next.rows_planned > v_batch_rows;
        v_run := v_next;
        v_is_saved := v_run.started_at is not null;
        step := 'copy';
        if v_is_saved then
            perform _duplication.lock_columns(v_run);
        else
            v_run := _duplication.start_level(p_duplication, v_run);
            step := case
                when v_run.level is null then 'wait'
                -- it has several batches: other sessions can share them once this is committed
                when v_run.rows_planned > v_batch_rows then 'more'
                else 'copy' end;
        end if;
        if step = 'copy' then
            v_copied := _duplication.copy_batch(v_tree, v_run, not v_is_saved, v_batch_rows);
            step := v_copied.step;
        end if;
        if step <> 'done' then
            if not v_is_saved then
                perform _duplication.save_level_run(v_run);
            end if;
            exit;
        end if;
        if p_duplication.new_root_key is null then
            p_duplication.new_root_key := _duplication.find_new_root(v_run);
            v_is_changed := v_is_changed or p_duplication.new_root_key is not null;
        end if;
        v_next := _duplication.finish_level(p_duplication, v_run, v_copied.level_rows);
        next_level := v_next.level;
        exit when next_level is null or not p_together or not v_period @> clock_timestamp();
    end loop;
    if v_is_changed and (step <> 'done' or next_level is not null) then
        perform _duplication.save_duplication(p_duplication);
    end if;
    if step = 'done' and p_carry_on and p_duplication.driven_by = 'queue' then
        -- the attempts that are alive have come to this level
        update _duplication.attempts as a
        set level = coalesce(next_level, v_run.level)
        where a.duplication_id = v_id and a.ended_at is null and a.level <> coalesce(next_level, v_run.level);
    end if;
end;
$$;

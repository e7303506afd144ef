create or replace function duplication.copy_levels(
    p_id bigint, p_level text, p_carry_on boolean, p_together boolean, p_is_new boolean
) returns text
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the part of a step that copies: a batch of a level and, when that was its last, the levels after it that fit one
--   batch each.
-- Parameters: p_id, p_level, p_carry_on and p_together as in advance_level; p_is_new: the duplication is pending, and its
--   tree was compiled in this transaction.
-- Returns: 'more', 'wait' or 'done', as advance_level.
-- Errors: those of check_new_root, start_level, copy_batch, start_duplication and finish_level.
-- Does not commit.
declare
    v_period tstzrange := duplication.batch_period();
    v_duplication duplication.duplications := duplication.find_duplication(p_id);
    v_is_compiled boolean := p_is_new;
    v_run duplication.level_runs;
    v_next duplication.level_runs;
    v_batch_rows integer;
    v_step text;
begin
    select r.* into v_next from duplication.level_runs as r where r.duplication_id = p_id and r.level = p_level;
    if v_next.started_at is null and v_duplication.new_root_key is not null then
        perform duplication.check_new_root(v_duplication);
    end if;
    loop
        v_batch_rows := duplication.level_batch_rows(v_duplication.tree, coalesce(v_next.relinks, v_next.level));
        exit when v_step = 'done' and v_next.rows_planned > v_batch_rows;
        v_run := v_next;
        v_step := 'copy';
        if v_run.started_at is null then
            v_run := duplication.start_level(v_duplication, v_run.level, v_is_compiled);
            v_step := case
                when v_run.level is null then 'wait'
                -- it has several batches: other sessions can share them once this is committed
                when v_run.rows_planned > v_batch_rows then 'more'
                else 'copy' end;
        end if;
        if v_step = 'copy' then
            v_step := duplication.copy_batch(v_duplication.tree, v_run, v_batch_rows);
        end if;
        -- late: a cancel waits for the row that this locks
        if p_is_new then
            perform duplication.start_duplication(p_id);
            p_is_new := false;
        end if;
        exit when v_step <> 'done';
        v_next := duplication.finish_level(v_duplication, v_run.level);
        exit when v_next.level is null or not p_together or not v_period @> clock_timestamp();
        -- by now it may have its new root's key
        v_duplication := duplication.find_duplication(p_id);
    end loop;
    if v_step = 'done' and p_carry_on then
        -- whoever is at work on it has come to this level
        update duplication.attempts as a
        set level = coalesce(v_next.level, v_run.level)
        where a.duplication_id = p_id and a.ended_at is null and a.level <> coalesce(v_next.level, v_run.level);
    end if;
    return v_step;
end;
$$;

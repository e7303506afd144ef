create or replace function _duplication.advance_level(
    p_id bigint,
    p_level text,
    p_carry_on boolean default false,
    p_together boolean default false,
    out step text,
    out next_level text
)
language plpgsql
set search_path to pg_catalog, pg_temp
-- a batch is over before a compiled plan would pay
set jit to off
-- an index serves every look-up; without statistics, or with old ones, the planner might think otherwise
set enable_seqscan to off
-- the best plan of the engine's own statements does not depend on a value
set plan_cache_mode to force_generic_plan
as $$
-- Purpose: the next step of a level, whatever it is: start the duplication, plan some, start the level, copy a batch,
--   finish the level. Everything a step does is one transaction of its caller.
-- Parameters: p_id; p_level, null for the one that it has come to; p_carry_on: when the level is done, the caller goes on
--   with the next one; p_together: what comes next and is small may be done in the same step, as long as it is short.
-- Returns: step: 'more', 'wait' (other sessions hold what is left), 'done' (the level is, and those done together with it);
--   next_level: when it is done, the level that comes next, null if none does.
-- Errors: UD003; those of check_call, create_level_runs, check_order, plan_batch, copy_levels and save_duplication.
-- Locks: the duplication's advisory lock, shared, until commit; those of the step. Does not commit.
declare
    v_synchronous_commit text := current_setting('synchronous_commit');
    v_duplication duplication.duplications;
    v_is_new boolean := false;
begin
    perform pg_advisory_xact_lock_shared(_duplication.lock_key('duplication', p_id::text));
    perform _duplication.set_lock_timeout();
    -- the rows of a step and their record are lost together or not at all, so a commit need not wait for the disk; the
    -- commit does wait after which somebody is told that a level is done
    set local synchronous_commit to off;

    v_duplication := _duplication.find_duplication(p_id);
    step := _duplication.check_call(v_duplication, p_level);
    if step = 'done' then
        raise notice '% of duplication %: done already', coalesce(p_level, 'all'), p_id;
        next_level := _duplication.next_level(p_id);
        return;
    elsif step = 'start' then
        v_is_new := _duplication.create_level_runs(p_id);
        step := 'wait';
        if v_is_new then
            perform _duplication.check_order(p_id, p_level);
            v_duplication := _duplication.start_duplication(v_duplication);
            step := case when p_together then 'plan' else 'more' end;
        end if;
    end if;
    if step = 'plan' then
        step := _duplication.plan_batch(v_duplication);
        step := case when step = 'planned' and p_together then 'copy' when step = 'planned' then 'more' else step end;
    end if;
    if step = 'copy' then
        select c.* into step, next_level
        from _duplication.copy_levels(v_duplication, p_level, p_carry_on, p_together) as c;
        if step = 'done' and not (p_carry_on and next_level is not null) then
            perform set_config('synchronous_commit', v_synchronous_commit, true);
        end if;
    elsif v_is_new then
        perform _duplication.save_duplication(v_duplication);
    end if;
end;
$$;

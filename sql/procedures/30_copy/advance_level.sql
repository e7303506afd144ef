create or replace function duplication.advance_level(
    p_id bigint, p_level text, p_carry_on boolean default false, p_together boolean default false
) returns text
language plpgsql
set search_path to pg_catalog, pg_temp
-- a batch is over before a compiled plan would pay
set jit to off
-- an index serves every look-up; without statistics, or with old ones, the planner might think otherwise
set enable_seqscan to off
-- nor does the best plan of the engine's own statements depend on a value
set plan_cache_mode to force_generic_plan
as $$
-- Purpose: the next step of a level, whatever it is: start the duplication, plan some, start the level, copy a batch,
--   finish the level. Everything a step does is one transaction of its caller.
-- Parameters: p_id, p_level; p_carry_on: when the level is done, the caller goes on with the next one; p_together: what comes
--   next and is small may be done in the same step, as long as it is short.
-- Returns: 'more', 'wait' (other sessions hold what is left), 'done' (the level is, and those done together with it).
-- Errors: those of check_call, lay_out_levels, check_order, plan_batch and copy_levels.
-- Locks: the duplication's advisory lock, shared, until commit; those of the step. Does not commit.
declare
    v_synchronous_commit text := current_setting('synchronous_commit');
    v_step text;
    v_is_new boolean := false;
begin
    perform pg_advisory_xact_lock_shared(duplication.lock_key(p_id));
    perform duplication.limit_lock_waits();
    -- what a step does and its record are lost together or not at all, so its commit need not wait for the disk; the one
    -- after which somebody is told that a level is done does
    set local synchronous_commit to off;

    v_step := duplication.check_call(p_id, p_level);
    if v_step = 'done' then
        raise notice '% of duplication %: done already', p_level, p_id;
        return 'done';
    elsif v_step = 'start' then
        v_is_new := duplication.lay_out_levels(p_id);
        v_step := 'wait';
        if v_is_new then
            perform duplication.check_order(p_id, p_level);
            v_step := case when p_together then 'plan' else 'more' end;
        end if;
    end if;
    if v_step = 'plan' then
        v_step := duplication.plan_batch(p_id);
        v_step := case when v_step = 'planned' and p_together then 'copy' when v_step = 'planned' then 'more'
            else v_step end;
    end if;
    if v_step = 'copy' then
        v_step := duplication.copy_levels(p_id, p_level, p_carry_on, p_together, v_is_new);
        if v_step = 'done' and not (p_carry_on and duplication.next_level(p_id) is not null) then
            perform set_config('synchronous_commit', v_synchronous_commit, true);
        end if;
    elsif v_is_new then
        perform duplication.start_duplication(p_id);
    end if;
    return v_step;
end;
$$;

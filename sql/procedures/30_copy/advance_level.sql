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
-- Parameters: p_id, p_level; p_carry_on: when the level is done, the caller goes on with the next one; p_together: levels
--   that come next and are small may be done in the same step, as long as it is short.
-- Returns: 'more', 'wait' (other sessions hold what is left), 'done' (the level is, and those done together with it).
-- Errors: those of check_call, plan_batch, start_level, copy_batch and finish_level.
-- Locks: the duplication's advisory lock, shared, until commit; those of the step. Does not commit.
declare
    v_period tstzrange := duplication.batch_period();
    v_synchronous_commit text := current_setting('synchronous_commit');
    v_step text;
    v_next text;
    v_root_is_known boolean := false;
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
        perform duplication.start_duplication(p_id);
        return 'more';
    elsif v_step = 'plan' then
        v_step := duplication.plan_batch(p_id);
        if v_step <> 'planned' or not p_together then
            return case v_step when 'planned' then 'more' else v_step end;
        end if;
    end if;

    loop
        v_step := duplication.start_level(p_id, p_level, v_root_is_known);
        if v_step <> 'copy' then
            return v_step;
        end if;
        v_step := duplication.copy_batch(p_id, p_level);
        if v_step = 'wait' or duplication.has_pieces_left(p_id, p_level) then
            return case v_step when 'wait' then 'wait' else 'more' end;
        end if;
        v_next := duplication.finish_level(p_id, p_level);
        if p_carry_on and v_next is not null then
            -- whoever is at work on this level is now on the next
            update duplication.attempts as a
            set level = v_next
            where a.duplication_id = p_id and a.level = p_level and a.ended_at is null;
        else
            perform set_config('synchronous_commit', v_synchronous_commit, true);
        end if;
        exit when v_next is null or not p_together or not v_period @> clock_timestamp()
            or not duplication.fits_one_batch(p_id, v_next);
        p_level := v_next;
        v_root_is_known := true;
    end loop;
    return 'done';
end;
$$;

create or replace function duplication.advance_level(p_id bigint, p_level text) returns text
language plpgsql
set search_path to pg_catalog, pg_temp
-- a batch is over before a compiled plan would pay
set jit to off
-- an index serves every look-up; without statistics, or with old ones, the planner might think otherwise
set enable_seqscan to off
as $$
-- Purpose: the next step of a level, whatever it is: start the duplication, plan some, start the level, copy a batch,
--   finish the level. Everything a step does is one transaction of its caller.
-- Parameters: p_id, p_level.
-- Returns: 'more', 'wait' (other sessions hold what is left), 'done' (the level is).
-- Errors: those of check_call, plan_batch, start_level, copy_batch and finish_level.
-- Locks: the duplication's advisory lock, shared, until commit; those of the step. Does not commit.
declare
    v_synchronous_commit text := current_setting('synchronous_commit');
    v_step text;
begin
    perform pg_advisory_xact_lock_shared(duplication.lock_key(p_id));
    perform duplication.limit_lock_waits();
    -- what a step does and its record are lost together or not at all, so its commit need not wait for the disk; the one
    -- that ends a level does, since a message follows it
    set local synchronous_commit to off;

    case duplication.check_call(p_id, p_level)
        when 'done' then
            raise notice '% of duplication %: done already', p_level, p_id;
            return 'done';
        when 'start' then
            perform duplication.start_duplication(p_id);
            return 'more';
        when 'plan' then
            v_step := duplication.plan_batch(p_id);
            return case v_step when 'wait' then 'wait' else 'more' end;
        else
            -- a step of its own: other sessions would wait on the level's row until the first batch is committed
            if duplication.start_level(p_id, p_level) then
                return 'more';
            end if;
    end case;

    v_step := duplication.copy_batch(p_id, p_level);
    if v_step = 'wait' or duplication.has_pieces_left(p_id, p_level) then
        return case v_step when 'wait' then 'wait' else 'more' end;
    end if;
    perform set_config('synchronous_commit', v_synchronous_commit, true);
    perform duplication.finish_level(p_id, p_level);
    return 'done';
end;
$$;

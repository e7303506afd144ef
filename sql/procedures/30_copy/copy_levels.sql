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
-- Errors: those of start_level, copy_batch, start_duplication and finish_level.
-- Does not commit.
declare
    v_period tstzrange := duplication.batch_period();
    v_is_compiled boolean := p_is_new;
    v_root_is_known boolean := false;
    v_step text;
    v_next text;
begin
    loop
        v_step := duplication.start_level(p_id, p_level, v_is_compiled, v_root_is_known);
        if v_step = 'copy' then
            v_step := duplication.copy_batch(p_id, p_level);
            if v_step <> 'wait' then
                v_step := case when duplication.has_pieces_left(p_id, p_level) then 'more' else 'done' end;
            end if;
        end if;
        -- late: a cancel waits for the row that this locks
        if p_is_new then
            perform duplication.start_duplication(p_id);
            p_is_new := false;
        end if;
        exit when v_step <> 'done';
        v_next := duplication.finish_level(p_id, p_level);
        exit when v_next is null or not p_together or not v_period @> clock_timestamp()
            or not duplication.fits_one_batch(p_id, v_next);
        p_level := v_next;
        v_root_is_known := true;
    end loop;
    if v_step = 'done' and p_carry_on then
        -- whoever is at work on it has come to this level
        update duplication.attempts as a
        set level = coalesce(v_next, p_level)
        where a.duplication_id = p_id and a.ended_at is null and a.level <> coalesce(v_next, p_level);
    end if;
    return v_step;
end;
$$;

create or replace function _duplication.check_order(p_id bigint, p_level text) returns void
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: refuse to work on a level before those that come first are done.
-- Parameters: p_id, whose runs are created; p_level, one of them that is not done, or null for whichever comes first.
-- Errors: UD006.
declare
    v_next text := case when p_level is not null then _duplication.next_level(p_id) end;
begin
    if v_next <> p_level then
        raise exception using
            errcode = 'UD006',
            message = format('level %s of duplication %s comes before %s', v_next, p_id, p_level),
            hint = format('Call it first: call duplication.duplicate_level(%s, %L).', p_id, v_next);
    end if;
end;
$$;

create or replace function _duplication.find_attempt(p_attempt bigint) returns _duplication.attempts
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: read an attempt, and lock it against changes.
-- Parameters: p_attempt.
-- Errors: UD016 if there is no such attempt.
-- Locks: the attempt's row, until commit. Does not commit.
declare
    v_attempt _duplication.attempts;
begin
    select a.* into v_attempt from _duplication.attempts as a where a.id = p_attempt for no key update;
    if not found then
        raise exception using
            errcode = 'UD016',
            message = format('there is no attempt %s', p_attempt),
            hint = 'begin_attempt returns its id.';
    end if;
    return v_attempt;
end;
$$;

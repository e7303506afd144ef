create or replace function _duplication.check_outcome(p_outcome text, p_error jsonb) returns void
language plpgsql immutable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: refuse an unknown outcome of an attempt, and an error outcome without its error.
-- Parameters: as end_attempt.
-- Errors: UD016.
begin
    if p_outcome is null or p_outcome not in ('done', 'released', 'stopped', 'transient', 'lasting') then
        raise exception using
            errcode = 'UD016',
            message = format('there is no outcome %s', coalesce(quote_literal(p_outcome), 'null')),
            hint = 'Outcomes: done, released, stopped, transient, lasting.';
    elsif p_outcome in ('transient', 'lasting') and not coalesce(p_error ?& array['sqlstate', 'message'], false) then
        raise exception using
            errcode = 'UD016',
            message = format('outcome %s comes without its error', p_outcome),
            hint = 'Give p_error an object with at least sqlstate and message.';
    end if;
end;
$$;

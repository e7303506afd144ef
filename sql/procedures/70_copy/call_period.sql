create or replace function _duplication.call_period(p_budget interval) returns tstzrange
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the time in which a call may begin another step. A clock that is moved back leaves it, too.
-- Parameters: p_budget, from now on; null for no limit.
-- Returns: a range. It ends halfway to the statement_timeout if that is sooner: else the server would cancel the call within a
--   step.
-- Errors: UD016 if p_budget is negative.
declare
    v_timeout interval := nullif(current_setting('statement_timeout')::interval, '0 s');
begin
    if p_budget < interval '0 s' then
        raise exception using
            errcode = 'UD016',
            message = format('a budget of %s is negative', p_budget),
            hint = 'Give a time such as ''5 s'', or null to go on until it is done.';
    elsif p_budget is null then
        return tstzrange(null, null);
    end if;
    return tstzrange(clock_timestamp(), clock_timestamp() + least(p_budget, v_timeout / 2), '[]');
end;
$$;

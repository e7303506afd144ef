create or replace function duplication.deadline(p_budget interval) returns timestamptz
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: when a budget is spent.
-- Parameters: p_budget, from now on; null for no limit.
-- Returns: a time, or null.
-- Errors: UD016 if p_budget is negative.
begin
    if p_budget < interval '0 s' then
        raise exception using
            errcode = 'UD016',
            message = format('a budget of %s is negative', p_budget),
            hint = 'Give a time such as ''5 s'', or null to go on until it is done.';
    end if;
    return clock_timestamp() + p_budget;
end;
$$;

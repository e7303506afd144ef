create or replace function duplication.plan_step(
    p_parents bigint, p_rows bigint, p_batch_rows integer
) returns bigint
language plpgsql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: how many parents the next step of planning takes, so that it finds some four batches' worth of rows, and looks
--   below no more parents than that. All children of one parent are planned in one step.
-- Parameters: p_parents planned so far, and p_rows found below them; p_batch_rows, the rows of a batch.
begin
    return greatest(1, case
        when p_rows = 0 then least(p_batch_rows, greatest(p_parents, p_batch_rows / 10))
        else least(4::bigint * p_batch_rows, 4::bigint * p_batch_rows * p_parents / p_rows)
    end);
end;
$$;

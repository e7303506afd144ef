create or replace function _duplication.plan_step(
    p_parents bigint, p_rows bigint, p_batch_rows integer
) returns bigint
language plpgsql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: below how many parents planning looks next, so that it finds some four batches' worth of rows; no more than two
--   batches' worth of parents, and all children of each. Where later ones have more than earlier ones, it finds more.
-- Parameters: p_parents planned so far, and p_rows found below them; p_batch_rows, the rows of a batch.
begin
    return greatest(1, case
        when p_rows = 0 then least(p_batch_rows, greatest(p_parents, p_batch_rows / 10))
        else least(2::bigint * p_batch_rows, 4::bigint * p_batch_rows * p_parents / p_rows)
    end);
end;
$$;

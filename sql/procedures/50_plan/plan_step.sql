create or replace function _duplication.plan_step(
    p_parents bigint, p_rows bigint, p_batch_rows integer
) returns bigint
language plpgsql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: of how many parents planning plans the children next, so that it finds about four batches of rows: no more
--   than two batches of parents. It finds more rows where later parents have more children than earlier ones.
-- Parameters: p_parents planned so far, and p_rows found below them; p_batch_rows, the rows of a batch.
begin
    return greatest(1, case
        when p_rows = 0 then least(p_batch_rows, greatest(p_parents, p_batch_rows / 10))
        else least(2::bigint * p_batch_rows, 4::bigint * p_batch_rows * p_parents / p_rows)
    end);
end;
$$;

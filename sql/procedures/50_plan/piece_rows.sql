create or replace function _duplication.piece_rows(p_batch_rows integer) returns integer
language plpgsql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: how many rows a piece has: a tenth of a batch, so that batches can have nearly any size.
-- Parameters: p_batch_rows, the rows of a batch.
begin
    return greatest(1, p_batch_rows / 10);
end;
$$;

create or replace function _duplication.refusal_in_transaction() returns text
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: what the server says to a COMMIT where none is possible, such as in this function.
-- Returns: the message, in the server's language.
begin
    commit;
exception when invalid_transaction_termination then
    return sqlerrm;
end;
$$;

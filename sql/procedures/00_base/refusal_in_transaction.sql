create or replace function _duplication.refusal_in_transaction() returns text
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the server's message for a COMMIT that is not possible. In this function it never is.
-- Returns: the message, in the server's language.
begin
    commit;
exception when invalid_transaction_termination then
    return sqlerrm;
end;
$$;

create or replace procedure _duplication.check_outside_transaction()
language plpgsql
as $$
-- Purpose: refuse a call of a committing procedure, before any work, where it may not commit: in a transaction block, a
--   function, or a string with other statements.
-- Errors: UD015.
-- Does not commit: the COMMIT below is refused in any case, since it is in an exception block. Only the reason of the
--   refusal tells the cases apart; no SQLSTATE or clock does. The reason is in the server's language, so it is compared
--   with another refusal. No SET clause: see duplicate_level.
declare
    v_refusal text;
begin
    begin
        commit;
    exception when invalid_transaction_termination then
        v_refusal := sqlerrm;
    end;
    if v_refusal operator(pg_catalog.=) _duplication.refusal_in_transaction() then
        raise exception using
            errcode = 'UD015',
            message = 'this procedure commits its batches and was called inside a transaction',
            hint = 'End the transaction first (in psql: COMMIT), or connect with autocommit, and CALL it alone.';
    end if;
end;
$$;

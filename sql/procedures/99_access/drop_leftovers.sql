-- Drops the routines that no file makes any more, and the old signatures of those that a file makes with another one.
-- Each file writes a new row of pg_proc: what still has the row that sql/migrations/begin.sql saw, no file has made.
do $$
declare
    v_leftover regprocedure;
begin
    for v_leftover in
        select p.oid
        from pg_catalog.pg_proc as p
        where
            p.pronamespace in ('duplication'::regnamespace, '_duplication'::regnamespace)
            and p.ctid = any(nullif(current_setting('duplication.routines', true), '')::tid[])
    loop
        execute format('drop routine %s', v_leftover);
    end loop;
end
$$;

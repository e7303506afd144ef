-- Drops routines that no file makes any more, and the old signatures of routines that changed theirs. Making a routine
-- changes its ctid in pg_proc, so no file has made a routine that still has the ctid noted by sql/migrations/begin.sql.
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

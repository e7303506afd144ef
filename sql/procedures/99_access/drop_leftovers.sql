-- Drops routines that no file makes any more, and the old signatures of routines that changed theirs. Making a routine
-- changes its ctid in pg_proc, so no file has made a routine that still has the ctid noted by sql/migrations/begin.sql.
-- Whoever may execute an old signature may execute the new one.
do $$
declare
    v_leftover regprocedure;
    v_grant text;
begin
    for v_leftover in
        select p.oid
        from pg_catalog.pg_proc as p
        where
            p.pronamespace in ('duplication'::regnamespace, '_duplication'::regnamespace)
            and p.ctid = any(nullif(current_setting('duplication.routines', true), '')::tid[])
    loop
        for v_grant in
            select format('grant execute on routine %s to %s', n.oid::regprocedure, a.grantee::regrole)
            from pg_catalog.pg_proc as o
            cross join lateral pg_catalog.aclexplode(o.proacl) as a
            inner join pg_catalog.pg_proc as n
                on o.pronamespace = n.pronamespace and o.proname = n.proname and o.oid <> n.oid
            where o.oid = v_leftover and a.grantee not in (0, o.proowner)
        loop
            execute v_grant;
        end loop;
        execute format('drop routine %s', v_leftover);
    end loop;
end
$$;

-- Drops the engine, except alembic's own table, which alembic needs until the end of a downgrade.
drop schema duplication cascade;
do $$
declare
    v_drop text;
begin
    for v_drop in
        select format('drop routine if exists %s cascade', p.oid::regprocedure)
        from pg_catalog.pg_proc as p
        where p.pronamespace = '_duplication'::regnamespace
        union all
        select format('drop table if exists %s cascade', c.oid::regclass)
        from pg_catalog.pg_class as c
        where c.relnamespace = '_duplication'::regnamespace and c.relkind = 'r' and c.relname <> 'alembic_version'
        union all
        select format('drop type if exists %s cascade', t.oid::regtype)
        from pg_catalog.pg_type as t
        inner join pg_catalog.pg_class as c on c.oid = t.typrelid
        where t.typnamespace = '_duplication'::regnamespace and c.relkind = 'c'
    loop
        execute v_drop;
    end loop;
end
$$;

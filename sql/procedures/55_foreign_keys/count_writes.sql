create or replace function _duplication.count_writes(p_except regclass) returns jsonb
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: how many rows this transaction has written so far, as the server counts them: rolled back rows count as well.
-- Parameters: p_except, a table whose long values (TOAST) are not counted.
-- Returns: rows inserted, updated and deleted, all together, by the oid of the table; those without any are left out.
begin
    return (
        select coalesce(jsonb_object_agg(c.oid, w.rows), '{}')
        from pg_class as c
        cross join lateral (
            select
                pg_stat_get_xact_tuples_inserted(c.oid) + pg_stat_get_xact_tuples_updated(c.oid)
                + pg_stat_get_xact_tuples_deleted(c.oid) as rows
        ) as w
        where c.relkind in ('r', 't') and w.rows > 0
            and c.oid <> (select t.reltoastrelid from pg_class as t where t.oid = p_except)
    );
end;
$$;

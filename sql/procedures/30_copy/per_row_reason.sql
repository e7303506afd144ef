create or replace function duplication.per_row_reason(p_relation regclass) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: why the foreign keys of a table have to be checked row by row, by the server's triggers, even where the settings
--   ask for sets. Without triggers only what run_checked does itself is done.
-- Parameters: p_relation, locked as lock_columns does: else a key that is added after the look would go unchecked.
-- Returns: the first reason found; null if there is none.
declare
    -- equal exactly when their text is, so that as many rows are referred to as there are keys
    v_types oid[] := array['int2', 'int4', 'int8', 'uuid', 'text', 'varchar']::regtype[];
begin
    return (
        select r.reason
        from (
            select 1 as ordinal, 'the transaction is ' || current_setting('transaction_isolation') as reason
            where current_setting('transaction_isolation') <> 'read committed'
            union all
            select 2, 'session_replication_role is ' || current_setting('session_replication_role')
            where current_setting('session_replication_role') <> 'origin'
            union all
            select 3, 'track_counts is off' where current_setting('track_counts') = 'off'
            union all
            select 4, format('role %I may not set session_replication_role', current_user)
            where not has_parameter_privilege('session_replication_role', 'set')
            union all
            select 5, 'it is partitioned' from pg_class as c where c.oid = p_relation and c.relkind <> 'r'
            union all
            select 6, format('key %I may be checked later', c.conname)
            from pg_constraint as c
            where c.conrelid = p_relation and c.condeferrable
            union all
            select 7, case t.relkind
                when 'r' then format('foreign key %I is not of one column of type integer, bigint, uuid or text', c.conname)
                else format('foreign key %I refers to a partitioned table', c.conname) end
            from duplication.enforced_keys(p_relation) as c
            inner join pg_class as t on t.oid = c.confrelid
            where t.relkind <> 'r' or cardinality(c.conkey) > 1
                or (select o.oprnamespace from pg_operator as o where o.oid = c.conpfeqop[1]) <> 'pg_catalog'::regnamespace
                or exists (
                    select from pg_attribute as a
                    left join pg_collation as l on l.oid = a.attcollation
                    where (a.attrelid, a.attnum) in ((c.conrelid, c.conkey[1]), (c.confrelid, c.confkey[1]))
                        and (a.atttypid <> all(v_types) or not coalesce(l.collisdeterministic, true))
                )
            union all
            select 8, format('role %I may not lock rows of %s', current_user, c.confrelid::regclass)
            from duplication.enforced_keys(p_relation) as c
            inner join pg_class as t on t.oid = c.confrelid
            where not has_schema_privilege(t.relnamespace, 'usage') or not has_table_privilege(t.oid, 'select')
                or not has_table_privilege(t.oid, 'update') or row_security_active(t.oid)
            union all
            -- bit 4 of tgtype: insert; what the server checks foreign keys with are the only ones it makes itself
            select 9, format('trigger %I', t.tgname)
            from pg_trigger as t
            where t.tgrelid = p_relation and case
                when t.tgisinternal then t.tgenabled <> 'O'
                else t.tgtype & 4 = 4 and t.tgenabled <> 'D' or t.tgenabled in ('A', 'R') end
            union all
            select 10, format('rule %I', w.rulename)
            from pg_rewrite as w
            where w.ev_class = p_relation and (w.ev_type = '3' and w.ev_enabled <> 'D' or w.ev_enabled in ('A', 'R'))
        ) as r
        order by r.ordinal, r.reason
        limit 1
    );
end;
$$;

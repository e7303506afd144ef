create or replace function duplication.per_row_reason(p_relation regclass) returns text
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: why the foreign keys of a table have to be checked row by row, by the server's triggers, even where the
    --   settings ask for sets. Without triggers only what run_checked does itself is done.
    -- Parameters: p_relation, locked as lock_columns does: else a key that is added after the look would go unchecked.
    -- Returns: the first reason found; null if there is none.
    select r.reason
    from (
        select 1 as ordinal, 'the transaction is ' || current_setting('transaction_isolation') as reason
        where current_setting('transaction_isolation') <> 'read committed'
        union all
        select 2, format('role %I may not set session_replication_role', current_user)
        where not has_parameter_privilege('session_replication_role', 'set')
        union all
        select 3, 'it is partitioned' from pg_class as c where c.oid = p_relation and c.relkind <> 'r'
        union all
        select 4, format('key %I may be checked later', c.conname)
        from pg_constraint as c
        where c.conrelid = p_relation and c.condeferrable
        union all
        select 5, format('foreign key %I is not of one column of type integer, bigint, uuid or text', c.conname)
        from pg_constraint as c
        inner join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
        left join pg_collation as l on l.oid = a.attcollation
        where c.conrelid = p_relation and c.contype = 'f' and (
            cardinality(c.conkey) > 1
            or a.atttypid not in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'uuid'::regtype, 'text'::regtype)
            or not coalesce(l.collisdeterministic, true)
        )
        union all
        select 6, format('role %I may not lock rows of %s', current_user, c.confrelid::regclass)
        from pg_constraint as c
        where c.conrelid = p_relation and c.contype = 'f' and (
            not has_any_column_privilege(c.confrelid, 'update')
            or not has_column_privilege(c.confrelid, c.confkey[1], 'select')
            or row_security_active(c.confrelid)
        )
        union all
        -- bit 4 of tgtype: insert; what the server checks foreign keys with are the only ones it makes itself
        select 7, format('trigger %I', t.tgname)
        from pg_trigger as t
        where t.tgrelid = p_relation and not t.tgisinternal and (
            t.tgtype & 4 = 4 and t.tgenabled <> 'D' or t.tgenabled in ('A', 'R')
        )
        union all
        select 8, format('rule %I', w.rulename)
        from pg_rewrite as w
        where w.ev_class = p_relation and (w.ev_type = '3' and w.ev_enabled <> 'D' or w.ev_enabled in ('A', 'R'))
    ) as r
    order by r.ordinal, r.reason
    limit 1;
$$;

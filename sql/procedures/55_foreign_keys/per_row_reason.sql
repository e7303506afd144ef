create or replace function _duplication.per_row_reason(p_relation regclass) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: why the foreign keys of a table have to be checked row by row, by the server's triggers, even where the settings
--   ask for sets: with triggers off, nothing but run_checked's own checks would be done.
-- Parameters: p_relation, locked as lock_columns does: else a foreign key that is added later would not be checked.
-- Returns: the first reason found; null if there is none.
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
            select 7, _duplication.key_reason(c) from _duplication.enforced_keys(p_relation) as c
            union all
            -- bit 4 of tgtype: insert; what the server checks foreign keys with are the only ones it makes itself
            select 8, format('trigger %I', t.tgname)
            from pg_trigger as t
            where t.tgrelid = p_relation and case
                when t.tgisinternal then t.tgenabled <> 'O'
                else t.tgtype & 4 = 4 and t.tgenabled <> 'D' or t.tgenabled in ('A', 'R') end
            union all
            select 9, format('rule %I', w.rulename)
            from pg_rewrite as w
            where w.ev_class = p_relation and (w.ev_type = '3' and w.ev_enabled <> 'D' or w.ev_enabled in ('A', 'R'))
        ) as r
        where r.reason is not null
        order by r.ordinal, r.reason
        limit 1
    );
end;
$$;

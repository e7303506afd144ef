create or replace function _duplication.check_references(p_constraint oid, p_keys text) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: do for a set of rows what a foreign key's trigger does for one row: lock the rows referred to, and raise if one of
--   them is missing. It is a statement of its own, after the INSERT, so it sees what was committed meanwhile.
-- Parameters: p_constraint, of one column; p_keys that the rows refer to, each once, an array as text, or null.
-- Errors: 23503.
-- Locks: FOR KEY SHARE on the rows referred to, in the order of their keys, until commit. Does not commit.
declare
    v_key record;
    v_locked bigint;
    v_wanted bigint;
    v_missing text;
begin
    select
        c.conname, t.relname, n.nspname, r.relname as target_name,
        a.attname as column_name, k.attname as target_column, 'only ' || c.confrelid::regclass as target,
        format_type(a.atttypid, null) || '[]' as keys_type
    into v_key
    from pg_constraint as c
    inner join pg_class as t on t.oid = c.conrelid
    inner join pg_namespace as n on n.oid = t.relnamespace
    inner join pg_class as r on r.oid = c.confrelid
    inner join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    inner join pg_attribute as k on k.attrelid = c.confrelid and k.attnum = c.confkey[1]
    where c.oid = p_constraint;
    execute _duplication.fill_sql(
        $sql$
select (
    select count(*)
    from (
        select from {target} as t where t.{"column"} = any($1::{keys_type}) order by t.{"column"} for key share
    ) as t
), cardinality($1::{keys_type})
$sql$,
        'target', v_key.target, 'column', v_key.target_column, 'keys_type', v_key.keys_type
    ) into v_locked, v_wanted using p_keys;
    if v_locked >= v_wanted or v_wanted is null then
        return;
    end if;
    execute _duplication.fill_sql(
        $sql$
select k.key::text from unnest($1::{keys_type}) as k (key)
where not exists (select from {target} as t where t.{"column"} = k.key)
order by k.key
limit 1
$sql$,
        'target', v_key.target, 'column', v_key.target_column, 'keys_type', v_key.keys_type
    ) into v_missing using p_keys;
    raise exception using
        errcode = 'foreign_key_violation',
        message = format(
            'insert or update on table "%s" violates foreign key constraint "%s"', v_key.relname, v_key.conname
        ),
        detail = format(
            'Key (%s)=(%s) is not present in table "%s".', v_key.column_name, v_missing, v_key.target_name
        ),
        schema = v_key.nspname, table = v_key.relname, constraint = v_key.conname;
end;
$$;

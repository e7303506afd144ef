create or replace function _duplication.key_reason(p_key pg_constraint) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: why check_references cannot check a foreign key.
-- Parameters: p_key, its row in the catalog.
-- Returns: the reason; null if there is none.
declare
    -- equal exactly when their text is, so that as many rows are referred to as there are keys
    v_types oid[] := array['int2', 'int4', 'int8', 'uuid', 'text', 'varchar']::regtype[];
    v_target pg_class;
begin
    select t.* into v_target from pg_class as t where t.oid = p_key.confrelid;
    if v_target.relkind <> 'r' then
        return format('foreign key %I refers to a partitioned table', p_key.conname);
    elsif cardinality(p_key.conkey) > 1
        -- an operator of the application's, for types of the server's
        or (select o.oprnamespace from pg_operator as o where o.oid = p_key.conpfeqop[1]) <> 'pg_catalog'::regnamespace
        or exists (
            select from pg_attribute as a
            left join pg_collation as l on l.oid = a.attcollation
            where (a.attrelid, a.attnum) in ((p_key.conrelid, p_key.conkey[1]), (p_key.confrelid, p_key.confkey[1]))
                and (a.atttypid <> all(v_types) or not coalesce(l.collisdeterministic, true))
        )
    then
        return format('foreign key %I is not of one column of type integer, bigint, uuid or text', p_key.conname);
    elsif not has_schema_privilege(v_target.relnamespace, 'usage') or not has_table_privilege(v_target.oid, 'select')
        or not has_table_privilege(v_target.oid, 'update') or row_security_active(v_target.oid)
    then
        return format('role %I may not lock rows of %s', current_user, v_target.oid::regclass);
    end if;
    return null;
end;
$$;

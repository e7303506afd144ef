create or replace function duplication.may_alter_inserts(p_relation regclass) returns boolean
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: whether a row inserted into a table can become another row, or none: by a BEFORE ROW trigger or a rule.
-- Parameters: p_relation, partitioned or not.
begin
    return exists (
        select from pg_trigger as t
        where t.tgrelid = any(p_relation::oid || array(select p.relid::oid from pg_partition_tree(p_relation) as p))
            -- bits of tgtype: 1 for each row, 2 before, 4 insert
            and t.tgtype & 7 = 7 and not t.tgisinternal and t.tgenabled <> 'D'
    )
    or exists (select from pg_rewrite as r where r.ev_class = p_relation and r.ev_type = '3');
end;
$$;

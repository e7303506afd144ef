create or replace function duplication.table_and_partitions(p_relation regclass) returns oid[]
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: a table with all its partitions, each of which may have constraints and triggers of its own.
-- Parameters: p_relation, partitioned or not.
begin
    return p_relation::oid || array(select p.relid::oid from pg_partition_tree(p_relation) as p where p.level > 0);
end;
$$;

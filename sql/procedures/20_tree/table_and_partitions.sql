create or replace function _duplication.table_and_partitions(variadic p_relations regclass[]) returns oid[]
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: tables with all their partitions, since a partition may have its own constraints and triggers.
-- Parameters: p_relations, partitioned or not.
begin
    return p_relations::oid[] || array(
        select p.relid::oid
        from unnest(p_relations) as r (relation)
        cross join lateral pg_partition_tree(r.relation) as p
        where p.level > 0
    );
end;
$$;

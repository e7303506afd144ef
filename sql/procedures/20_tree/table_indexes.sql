create or replace function _duplication.table_indexes(p_relation regclass) returns setof pg_index
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the indexes of a table, and those indexes of its partitions that are not part of a table's index.
    -- Parameters: p_relation, partitioned or not.
    select i.*
    from pg_index as i
    where i.indrelid = p_relation
    union all
    select i.*
    from pg_partition_tree(p_relation) as p
    inner join pg_index as i on i.indrelid = p.relid
    where p.level > 0 and not exists (select from pg_inherits as h where h.inhrelid = i.indexrelid);
$$;

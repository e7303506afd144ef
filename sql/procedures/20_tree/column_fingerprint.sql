create or replace function _duplication.column_fingerprint(p_relation regclass) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: a fingerprint of a table's columns, which shows a change between two batches of a level.
-- Parameters: p_relation. Returns: an md5 of the columns' names, types and kinds.
begin
    return (
        select md5(string_agg(
            concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attgenerated, a.attidentity), ',' order by a.attnum
        ))
        from pg_attribute as a
        where a.attrelid = p_relation and a.attnum > 0 and not a.attisdropped
    );
end;
$$;

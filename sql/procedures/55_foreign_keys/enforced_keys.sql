create or replace function _duplication.enforced_keys(p_relation regclass) returns setof pg_constraint
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the foreign keys of a table that are checked when a row is inserted.
    -- Parameters: p_relation. Returns: their rows in the catalog.
    select c.*
    from pg_constraint as c
    where c.conrelid = p_relation and c.contype = 'f' and pg_get_constraintdef(c.oid) !~ 'NOT ENFORCED$'
    order by c.oid;
$$;

create or replace function duplication.key_cast(p_relation regclass, p_column text) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: how a key, kept as text in id_map, is brought back to its column's type so that the column's index serves.
-- Parameters: p_relation, and p_column of it.
-- Returns: a suffix for an expression, such as '::pg_catalog.int8'.
-- Errors: UD010 if there is no such column, or its type cannot be a key: only integers, uuid and text are equal
--   exactly when their text is.
declare
    v_cast text;
begin
    with recursive base as (
        select a.atttypid as type_id, a.attcollation as collation_id
        from pg_attribute as a
        where a.attrelid = p_relation and a.attname = p_column and not a.attisdropped
        union all
        select t.typbasetype, b.collation_id
        from base as b
        inner join pg_type as t on t.oid = b.type_id
        where t.typtype = 'd'
    )

    select case
        when b.type_id in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) then '::pg_catalog.int8'
        when b.type_id = 'uuid'::regtype then '::pg_catalog.uuid'
        when b.type_id in ('text'::regtype, 'varchar'::regtype) and c.collisdeterministic
            then format('::pg_catalog.text collate %I.%I', n.nspname, c.collname)
    end into v_cast
    from base as b
    left join pg_collation as c on c.oid = b.collation_id
    left join pg_namespace as n on n.oid = c.collnamespace
    where b.type_id not in (select t.oid from pg_type as t where t.typtype = 'd');

    if v_cast is null then
        raise exception using
            errcode = 'UD010',
            message = format('column %I of %s cannot be a key', p_column, p_relation),
            detail = coalesce(
                (
                    select format('Its type is %s.', format_type(a.atttypid, a.atttypmod))
                    from pg_attribute as a
                    where a.attrelid = p_relation and a.attname = p_column and not a.attisdropped
                ),
                'There is no such column.'
            ),
            hint = 'A key is of an integer, uuid or text type, with a deterministic collation.';
    end if;
    return v_cast;
end;
$$;

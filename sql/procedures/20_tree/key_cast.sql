create or replace function _duplication.key_cast(p_relation regclass, p_column text) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the cast from a key in text, as id_map keeps it, to its column's type, so that the column's index is used.
-- Parameters: p_relation; p_column, a column of it.
-- Returns: a suffix for an expression, such as '::pg_catalog.int8'.
-- Errors: UD010 if there is no such column, or its type cannot be a key. Only for integers, uuid and text are values
--   equal exactly when their texts are.
declare
    v_type oid;
    v_collation oid;
    v_cast text;
begin
    select a.atttypid, a.attcollation into v_type, v_collation
    from pg_attribute as a
    where a.attrelid = p_relation and a.attname = p_column and not a.attisdropped;
    -- a domain may be based on another domain
    while exists (select from pg_type as t where t.oid = v_type and t.typtype = 'd') loop
        v_type := (select t.typbasetype from pg_type as t where t.oid = v_type);
    end loop;
    if v_type in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) then
        return '::pg_catalog.int8';
    elsif v_type = 'uuid'::regtype then
        return '::pg_catalog.uuid';
    end if;
    select format('::pg_catalog.text collate %I.%I', n.nspname, c.collname) into v_cast
    from pg_collation as c
    inner join pg_namespace as n on n.oid = c.collnamespace
    where c.oid = v_collation and c.collisdeterministic and v_type in ('text'::regtype, 'varchar'::regtype);

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

create or replace function _duplication.relation_fingerprint(variadic p_relations regclass[]) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: a fingerprint of all that a copy needs from the catalog about tables and their partitions: columns,
--   defaults, types, constraints, indexes, names. It is made of the versions of the catalog's rows: xmin, and ctid,
--   since one transaction may write two. No meaning is compared; a change that does not matter costs one compilation.
-- Parameters: p_relations, all in one call, since each copy makes this call. Returns: an md5.
declare
    v_all oid[] := _duplication.table_and_partitions(variadic p_relations);
    v_columns text;
    v_has_domains boolean;
begin
    select string_agg(concat(a.xmin, a.ctid, t.xmin, t.ctid), ',' order by a.attrelid, a.attnum), bool_or(t.typtype = 'd')
    into v_columns, v_has_domains
    from pg_attribute as a
    -- the server's own types do not change
    left join lateral (
        select t.xmin, t.ctid, t.typtype from pg_type as t where t.oid = a.atttypid and a.atttypid >= 16384 offset 0
    ) as t on true
    where a.attrelid = any(p_relations) and a.attnum > 0;
    return md5(concat_ws(
        '|', p_relations, v_columns,
        (select string_agg(concat(c.xmin, c.ctid), ',' order by c.oid) from pg_class as c where c.oid = any(v_all)),
        (select string_agg(concat(c.xmin, c.ctid), ',' order by c.oid) from pg_constraint as c where c.conrelid = any(v_all)),
        (select string_agg(concat(i.xmin, i.ctid), ',' order by i.indexrelid) from pg_index as i where i.indrelid = any(v_all)),
        (
            select string_agg(concat(i.xmin, i.ctid), ',' order by i.inhrelid)
            from pg_inherits as i
            where i.inhparent = any(p_relations)
        ),
        -- the statements contain the names of sequences
        (
            select string_agg(d.objid::regclass::text, ',' order by d.objid)
            from pg_depend as d
            where d.refclassid = 'pg_class'::regclass and d.refobjid = any(p_relations) and d.refobjsubid > 0
                and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')
        ),
        -- a domain may be based on another domain, so all domains count
        case when v_has_domains then (
            select string_agg(concat(t.xmin, t.ctid, c.xmin, c.ctid), ',' order by t.oid, c.oid)
            from pg_type as t
            left join pg_constraint as c on c.contypid = t.oid
            where t.typtype = 'd'
        ) end
    ));
end;
$$;

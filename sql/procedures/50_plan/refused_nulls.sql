create or replace function _duplication.refused_nulls(
    p_id bigint, p_level text, p_columns text[]
) returns table (constraint_name text, orig_key text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: planned rows that their table would refuse if some of their columns were null for a time: by a check constraint, of
--   the table or a partition, or by NOT NULL on a column that is generated from them.
-- Parameters: p_id; p_level, one that is planned; p_columns.
-- Returns: the first such row of each constraint.
declare
    v_tree text := (_duplication.find_duplication(p_id)).tree;
    v_level _duplication.resolved_level := _duplication.resolve_level(v_tree, p_level);
    v_nulled text;
    v_generated text;
    v_check record;
begin
    select string_agg(c.nulled, ', ' order by a.attnum), string_agg(c.generated, ', ' order by a.attnum)
    into v_nulled, v_generated
    from pg_attribute as a
    left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
    cross join lateral (
        select
            case when a.attname = any(p_columns)
                then _duplication.fill_sql(
                    'null::{type} as {"column"}', 'type', format_type(a.atttypid, a.atttypmod), 'column', a.attname
                )
                else 's.' || quote_ident(a.attname)
            end as nulled,
            case when a.attgenerated <> ''
                then _duplication.fill_sql(
                    '{expression} as {"column"}',
                    'expression', _duplication.row_expression(pg_get_expr(d.adbin, d.adrelid), 'c'), 'column', a.attname
                )
                else 'c.' || quote_ident(a.attname)
            end as generated
    ) as c
    where a.attrelid = v_level.relation and a.attnum > 0 and not a.attisdropped;

    for v_check in
        select c.conname::text as name, c.conrelid::regclass as relation, pg_get_expr(c.conbin, c.conrelid) as condition
        from pg_constraint as c
        where c.contype = 'c' and c.conrelid = any(_duplication.table_and_partitions(v_level.relation))
        union all
        select 'not null of ' || a.attname, a.attrelid::regclass, format('%I is not null', a.attname)
        from pg_attribute as a
        where a.attrelid = v_level.relation and a.attgenerated <> '' and a.attnotnull and not a.attisdropped
        order by 1
    loop
        return query execute _duplication.fill_sql(
            $sql$
select {'constraint'}, m.orig_key
from _duplication.level_runs as r
cross join lateral (
    select m.orig_key from _duplication.id_map as m
    where m.number between r.first_number and _duplication.last_number($1, $2)
    order by m.number
) as m
cross join lateral (
    select s.* from {relation} as s
    where s.{"key"} = m.orig_key{key_cast} and {is_in_partition}
    offset 0
) as s
cross join lateral (select {nulled}) as c
cross join lateral (select {generated}) as g
where r.duplication_id = $1 and r.level = $2 and not {condition}
limit 1
$sql$,
            'constraint', v_check.name, 'relation', v_level.relation::text, 'key', v_level.key_column,
            'key_cast', v_level.key_cast,
            'is_in_partition', case when v_check.relation = v_level.relation then 'true'
                else 's.tableoid = ' || v_check.relation::oid end,
            'nulled', v_nulled, 'generated', v_generated,
            'condition', _duplication.row_expression(v_check.condition, 'g')
        ) using p_id, p_level;
    end loop;
end;
$$;

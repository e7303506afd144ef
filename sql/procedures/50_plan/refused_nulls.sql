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
    v_level record;
    v_nulled text;
    v_generated text;
    v_check record;
begin
    select r.* into v_level from _duplication.resolve_level(v_tree, p_level) as r;
    select
        string_agg(
            case when a.attname = any(p_columns)
                then format('null::%s as %I', format_type(a.atttypid, a.atttypmod), a.attname)
                else format('s.%I', a.attname)
            end,
            ', ' order by a.attnum
        ),
        string_agg(
            case when a.attgenerated <> ''
                then format('%s as %I', _duplication.row_expression(pg_get_expr(d.adbin, d.adrelid), 'c'), a.attname)
                else format('c.%I', a.attname)
            end,
            ', ' order by a.attnum
        )
    into v_nulled, v_generated
    from pg_attribute as a
    left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
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
        return query execute format(
            $statement$
                select %L, m.orig_key
                from _duplication.level_runs as r
                cross join lateral (
                    select m.orig_key from _duplication.id_map as m
                    where m.number between r.first_number and _duplication.last_number($1, $2)
                    order by m.number
                ) as m
                cross join lateral (
                    select s.* from %s as s
                    where s.%I = m.orig_key%s and %s
                    offset 0
                ) as s
                cross join lateral (select %s) as c
                cross join lateral (select %s) as g
                where r.duplication_id = $1 and r.level = $2 and not %s
                limit 1
            $statement$,
            v_check.name, v_level.relation, v_level.key_column, v_level.key_cast,
            case when v_check.relation = v_level.relation then 'true'
                else format('s.tableoid = %s', v_check.relation::oid) end,
            v_nulled, v_generated, _duplication.row_expression(v_check.condition, 'g')
        ) using p_id, p_level;
    end loop;
end;
$$;

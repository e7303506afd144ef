create or replace function duplication.refused_nulls(
    p_id bigint, p_level text, p_columns text[]
) returns table (constraint_name name, orig_key text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: planned rows that a check constraint would refuse if some of their columns were null for a time.
-- Parameters: p_id; p_level, one that is planned; p_columns.
-- Returns: the first such row of each constraint.
declare
    v_tree text := (duplication.find_duplication(p_id)).tree;
    v_level record;
    v_check record;
    v_first bigint := (
        select r.first_number from duplication.level_runs as r where r.duplication_id = p_id and r.level = p_level
    );
begin
    select r.* into v_level from duplication.resolve_level(v_tree, p_level) as r;
    for v_check in
        select
            c.conname, format(
                $statement$
                    select %L::pg_catalog.name, m.orig_key
                    from (
                        select m.orig_key from duplication.id_map as m
                        where m.number between $1 and $1 + 17179869183
                        order by m.number
                    ) as m
                    cross join lateral (select s.* from %s as s where s.%I = m.orig_key%s offset 0) as s
                    cross join lateral (select %s) as c
                    where not (select (%s) from (select c.*) as s)
                    limit 1
                $statement$,
                c.conname, v_level.relation, v_level.key_column, v_level.key_cast,
                (
                    select string_agg(
                        case when a.attname = any(p_columns)
                            then format('null::%s as %I', format_type(a.atttypid, a.atttypmod), a.attname)
                            else format('s.%I', a.attname)
                        end,
                        ', ' order by a.attnum
                    )
                    from pg_attribute as a
                    where a.attrelid = v_level.relation and a.attnum > 0 and not a.attisdropped
                ),
                pg_get_expr(c.conbin, c.conrelid)
            ) as statement
        from pg_constraint as c
        where c.conrelid = v_level.relation and c.contype = 'c' and exists (
            select from pg_attribute as a
            where a.attrelid = c.conrelid and a.attnum = any(c.conkey) and a.attname = any(p_columns)
        )
        order by c.conname
    loop
        return query execute v_check.statement using v_first;
    end loop;
end;
$$;

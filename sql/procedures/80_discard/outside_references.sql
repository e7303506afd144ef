create or replace function _duplication.outside_references(
    p_id bigint, p_level text, p_range_of text, p_first_number bigint, p_last_number bigint
) returns table (relation regclass, constraint_name name, row_key jsonb, new_key text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: rows that refer to copied rows by a foreign key and are not of the copy themselves.
-- Parameters: p_id, p_level; p_range_of, p_first_number, p_last_number: the range of copied rows, as of a piece.
-- Returns: a row per reference: the table, its foreign key, its row's primary key, the copied row's key.
declare
    v_tree text := (_duplication.find_duplication(p_id)).tree;
    v_level record;
    v_key record;
begin
    select r.* into v_level from _duplication.resolve_level(v_tree, p_level) as r;
    for v_key in
        select
            f.conrelid::regclass as relation, f.conname,
            (
                select string_agg(format('r.%I = c.%I', a.attname, b.attname), ' and ')
                from unnest(f.conkey, f.confkey) as k (referencing, referenced)
                inner join pg_attribute as a on a.attrelid = f.conrelid and a.attnum = k.referencing
                inner join pg_attribute as b on b.attrelid = f.confrelid and b.attnum = k.referenced
            ) as matches,
            coalesce((
                select format('jsonb_build_object(%s)', string_agg(format('%L, r.%I', a.attname, a.attname), ', '))
                from pg_index as i
                inner join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
                where i.indrelid = f.conrelid and i.indisprimary
            ), 'to_jsonb(r)') as row_key,
            coalesce((
                select string_agg(' and not ' || _duplication.is_copied_condition(p_id, l.name, 'r'), '')
                from duplication.levels as l
                where l.tree = v_tree and to_regclass(l.relation) in (f.conrelid, pg_partition_root(f.conrelid))
            ), '') as outside
        from pg_constraint as f
        where f.contype = 'f' and f.conparentid = 0 and v_level.relation in (f.confrelid, pg_partition_root(f.confrelid))
    loop
        -- fenced like the copy's statement: see source_clause
        return query execute format(
            'select %L::regclass, %L::name, %s, (c.%I)::text %s
            cross join lateral (select r.* from %s as r where %s offset 0) as r
            where true%s',
            v_key.relation, v_key.conname, v_key.row_key, coalesce(v_level.key_column, v_level.edge_column),
            _duplication.copied_clause(p_id, p_level, p_range_of), v_key.relation, v_key.matches, v_key.outside
        ) using p_id, p_first_number, p_last_number;
    end loop;
end;
$$;

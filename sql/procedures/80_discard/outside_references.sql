create or replace function _duplication.outside_references(
    p_id bigint, p_level text, p_range_of text, p_first_number bigint, p_last_number bigint
) returns table (relation regclass, constraint_name name, row_key jsonb, new_key text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: find rows outside the copy that refer to copied rows by a foreign key.
-- Parameters: p_id, p_level; p_range_of, p_first_number, p_last_number: the range of copied rows, as of a piece.
-- Returns: a row per reference: the referring table, its foreign key, its row's primary key, the copied row's key.
declare
    v_tree text := (_duplication.find_duplication(p_id)).tree;
    v_level _duplication.resolved_level := _duplication.resolve_level(v_tree, p_level);
    v_key record;
begin
    for v_key in
        select
            f.conrelid::regclass as relation, f.conname,
            (
                select string_agg(_duplication.fill_sql(
                    'r.{"referencing"} = c.{"referenced"}', 'referencing', a.attname, 'referenced', b.attname
                ), ' and ')
                from unnest(f.conkey, f.confkey) as k (referencing, referenced)
                inner join pg_attribute as a on a.attrelid = f.conrelid and a.attnum = k.referencing
                inner join pg_attribute as b on b.attrelid = f.confrelid and b.attnum = k.referenced
            ) as matches,
            (
                select string_agg(
                    _duplication.fill_sql($sql${'column'}, r.{"column"}$sql$, 'column', a.attname), ', '
                )
                from pg_index as i
                inner join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
                where i.indrelid = f.conrelid and i.indisprimary
            ) as primary_key,
            (
                select string_agg(' and not ' || _duplication.is_copied_condition(p_id, l.name, 'r'), '')
                from duplication.levels as l
                where l.tree = v_tree and to_regclass(l.relation) in (f.conrelid, pg_partition_root(f.conrelid))
            ) as outside
        from pg_constraint as f
        where f.contype = 'f' and f.conparentid = 0 and v_level.relation in (f.confrelid, pg_partition_root(f.confrelid))
    loop
        -- offset 0 makes the planner look up the referring rows of each copied row, instead of joining whole tables
        return query execute _duplication.fill_sql(
            $sql$
select {'referencing'}::regclass, {'constraint'}::name, jsonb_build_object({primary_key}), {key_text}
{copied_clause}
cross join lateral (select r.* from {referencing} as r where {matches} offset 0) as r
where true{outside}
$sql$,
            'referencing', v_key.relation::text, 'constraint', v_key.conname, 'primary_key', v_key.primary_key,
            'key_text', _duplication.key_text('c', coalesce(v_level.key_column, v_level.edge_column)),
            'copied_clause', _duplication.copied_clause(p_id, p_level, p_range_of),
            'matches', v_key.matches, 'outside', v_key.outside
        ) using p_id, p_first_number, p_last_number;
    end loop;
end;
$$;

create or replace function _duplication.verify_keyless_rows(
    p_id bigint, p_level text, p_first_parent bigint, p_last_parent bigint, p_lost jsonb
) returns table (orig_key text, new_key text, difference text, column_name text, detail text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: compare rows without a key: below each parent, as many rows of each kind as in the source.
-- Parameters: p_id, p_level; p_first_parent to p_last_parent in plan order; p_lost, keys of parents that are not in the
--   source any more.
-- Returns: as verify, without the level and without keys; the detail is the row.
declare
    v_tree text := (_duplication.find_duplication(p_id)).tree;
    v_level record;
    v_statement text;
begin
    select r.* into v_level from _duplication.resolve_level(v_tree, p_level) as r;
    select format(
        $statement$
            with parents as (
                select m.number, m.orig_key, m.new_key from _duplication.id_map as m
                where m.number between $2 and $3 and not coalesce($4 ? m.orig_key, false)
                order by m.number
            ),

            sources as (
                select m.number, jsonb_build_object(%1$s)::text as content
                from parents as m
                cross join lateral (
                    select s.* from %2$s as s where s.%3$I = m.orig_key%4$s%5$s%6$s offset 0
                ) as s
                %7$s
            ),

            copies as (
                select m.number, jsonb_build_object(%8$s)::text as content, c as copied_row
                from parents as m
                cross join lateral (select s.* from %2$s as s where s.%3$I = m.new_key%4$s%6$s offset 0) as c
            ),

            extra as (
                select c.number, c.content from copies as c except all select s.number, s.content from sources as s
            )

            select null::text, null::text, 'missing', null::text, d.content
            from (select s.number, s.content from sources as s except all select c.number, c.content from copies as c) as d
            union all
            select null, null, 'extra', null, d.content
            from extra as d
            %9$s
        $statement$,
        string_agg(format('%L, (%s)::text', l.column_name, l.expression), ', '),
        v_level.relation, v_level.edge_column, v_level.parent_key_cast, v_level.filter_clause, v_level.edge_clause,
        _duplication.reference_joins(v_tree, p_level, 'parents'),
        string_agg(format('%L, c.%I::text', l.column_name, l.column_name), ', '),
        (
            select format(
                'union all select null, null, ''crossing'', x.column_name, d.content from extra as d '
                'inner join copies as k on k.number = d.number and k.content = d.content '
                'cross join lateral (select (k.copied_row).*) as c '
                'cross join lateral (values %s) as x (column_name, crosses) where x.crosses',
                string_agg(format('(%L, %s)', x.column_name, x.condition), ', ')
            )
            from _duplication.crossing_conditions(v_tree, p_level) as x
            having count(*) > 0
        )
    ) into v_statement
    from _duplication.level_columns(v_tree, p_level, 'parents', p_unmapped => 'null') as l
    where l.copied or l.is_reference;
    perform _duplication.use_tree_path(v_tree);
    return query execute v_statement using p_id, p_first_parent, p_last_parent, p_lost;
end;
$$;

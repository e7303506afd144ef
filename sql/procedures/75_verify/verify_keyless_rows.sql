create or replace function _duplication.verify_keyless_rows(
    p_id bigint, p_level text, p_first_parent bigint, p_last_parent bigint, p_lost jsonb
) returns table (orig_key text, new_key text, difference text, column_name text, detail text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: compare rows without a key: below each parent, the copy must have as many equal rows as the source.
-- Parameters: p_id, p_level; p_first_parent to p_last_parent, numbers of the carrier; p_lost, keys of the carrier's
--   rows that are not in the source any more.
-- Returns: as verify, without the level and without keys; the detail is the row.
declare
    v_tree text := (_duplication.find_duplication(p_id)).tree;
    v_level _duplication.resolved_level := _duplication.resolve_level(v_tree, p_level);
    v_statement text;
begin
    select _duplication.fill_sql(
        $sql$
with parents as (
    select m.number, m.orig_key, m.new_key from _duplication.id_map as m
    where m.number between $2 and $3 and not coalesce($4 ? m.orig_key, false)
    order by m.number
),

sources as (
    select m.number, jsonb_build_object({expected})::text as content
    from parents as m
    cross join lateral (
        select s.* from {relation} as s
        where s.{"edge_column"} = m.orig_key{parent_key_cast}{filter}{edge_filter}
        offset 0
    ) as s
    {reference_joins}
),

copies as (
    select m.number, jsonb_build_object({found})::text as content, c as copied_row
    from parents as m
    cross join lateral (
        select s.* from {relation} as s where s.{"edge_column"} = m.new_key{parent_key_cast}{edge_filter} offset 0
    ) as c
),

extra as (
    select c.number, c.content from copies as c except all select s.number, s.content from sources as s
)

select null::text, null::text, 'missing', null::text, d.content
from (select s.number, s.content from sources as s except all select c.number, c.content from copies as c) as d
union all
select null, null, 'extra', null, d.content
from extra as d
{crossing}
$sql$,
        'expected', string_agg(_duplication.fill_sql(
            $sql${'column'}, ({expression})::text$sql$, 'column', l.column_name, 'expression', l.expression
        ), ', '),
        'relation', v_level.relation::text, 'edge_column', v_level.edge_column,
        'parent_key_cast', v_level.parent_key_cast, 'filter', v_level.filter_clause,
        'edge_filter', v_level.edge_clause,
        'reference_joins', _duplication.reference_joins(v_tree, p_level, 'parents'),
        'found', string_agg(
            _duplication.fill_sql($sql${'column'}, c.{"column"}::text$sql$, 'column', l.column_name), ', '
        ),
        'crossing', (
            select _duplication.fill_sql(
                $sql$
union all
select null, null, 'crossing', x.column_name, d.content
from extra as d
inner join copies as k on k.number = d.number and k.content = d.content
cross join lateral (select (k.copied_row).*) as c
cross join lateral (values {crossings}) as x (column_name, crosses)
where x.crosses
$sql$,
                'crossings', string_agg(_duplication.fill_sql(
                    $sql$({'column'}, {condition})$sql$, 'column', x.column_name, 'condition', x.condition
                ), ', ')
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

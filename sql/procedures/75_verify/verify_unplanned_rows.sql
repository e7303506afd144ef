create or replace function _duplication.verify_unplanned_rows(
    p_id bigint, p_edge duplication.edges, p_first_parent bigint, p_last_parent bigint, p_lost jsonb
) returns table (orig_key text, new_key text, difference text, column_name text, detail text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: find rows that an edge reaches and that were not planned: added to the source after planning, or to the
--   copy.
-- Parameters: p_id; p_edge, of a mapped level; p_first_parent to p_last_parent, numbers of the carrier; p_lost, keys of
--   the carrier's rows that are not in the source any more.
-- Returns: as verify, without the level.
declare
    v_level _duplication.resolved_level := _duplication.resolve_level(p_edge.tree, p_edge.level);
    v_statement text;
begin
    v_statement := _duplication.fill_sql(
        $sql$
with parents as (
    select m.orig_key, m.new_key from _duplication.id_map as m
    where m.number between $3 and $4
)

select {key_text}, null::text, 'missing', null::text, 'it was added to the source after the copy was planned'
from parents as m
{edge_join}
where not coalesce($5 ? m.orig_key, false) and not exists (
    select from _duplication.id_map as x
    where x.run = (select _duplication.find_run_id($1, $2)) and x.orig_key = {key_text}
    -- fenced, for one look-up a row: as a join it was done by comparing each with each
    offset 0
)
{added_to_copy}
$sql$,
        'key_text', _duplication.key_text('s', v_level.key_column),
        'edge_join', _duplication.edge_join(p_edge),
        'added_to_copy', case when p_edge.kind = 'below' then _duplication.fill_sql(
            $sql$
union all
select null, {key_text}, 'extra', null, 'it was added to the copy'
from parents as m
cross join lateral (
    select s.* from {relation} as s where s.{"column"} = m.new_key{key_cast}{edge_filter} offset 0
) as c
where not {is_copied}
$sql$,
            'key_text', _duplication.key_text('c', v_level.key_column),
            'relation', v_level.relation::text, 'column', p_edge.column_name,
            'key_cast', _duplication.key_cast(v_level.relation, p_edge.column_name),
            'edge_filter', ' and (' || p_edge.row_filter || ')',
            'is_copied', _duplication.is_copied_condition(p_id, p_edge.level, 'c')
        ) end
    );
    perform _duplication.use_tree_path(p_edge.tree);
    return query execute v_statement using p_id, p_edge.level, p_first_parent, p_last_parent, p_lost;
end;
$$;

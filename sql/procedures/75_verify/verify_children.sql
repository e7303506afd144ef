create or replace function _duplication.verify_children(
    p_id bigint, p_level text, p_first_parent bigint, p_last_parent bigint, p_lost jsonb
) returns table (orig_key text, new_key text, difference text, column_name text, detail text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: compare the rows of a level that is not mapped. Below each parent, each copied row names its original.
-- Parameters: p_id, p_level; p_first_parent to p_last_parent, numbers of the carrier; p_lost, keys of the carrier's
--   rows that are not in the source any more.
-- Returns: as verify, without the level.
declare
    v_tree text := (_duplication.find_duplication(p_id)).tree;
    v_level _duplication.resolved_level := _duplication.resolve_level(v_tree, p_level);
    v_statement text;
begin
    v_statement := _duplication.fill_sql(
        $sql$
with parents as (
    select m.number, m.orig_key, m.new_key from _duplication.id_map as m
    where m.number between $2 and $3
    order by m.number
),

sources as (
    select m.number, {source_key} as key, "~source" as source_row
    from parents as m
    cross join lateral (
        select s.* from {relation} as s
        where s.{"edge_column"} = m.orig_key{parent_key_cast}{filter}{edge_filter}
        offset 0
    ) as "~source"
    where not coalesce($4 ? m.orig_key, false)
),

copies as (
    select
        m.number, {copy_key} as key, {copy_orig} as orig, "~copy" as copied_row,
        row_number() over (partition by m.number, "~copy".{"orig_column"} order by "~copy".{"key_column"}) as nth
    from parents as m
    cross join lateral (
        select s.* from {relation} as s where s.{"edge_column"} = m.new_key{parent_key_cast}{edge_filter} offset 0
    ) as "~copy"
),

pairs as (
    select s.key as orig_key, c.key as new_key, s.source_row, c.copied_row, c.orig, c.nth
    from sources as s
    full join copies as c on s.number = c.number and s.key = c.orig
)

select p.orig_key, null::text, 'missing', null::text, 'it is in the source and not in the copy'
from pairs as p
where p.new_key is null
union all
select
    p.orig, p.new_key, 'extra', null,
    case when p.orig is null then 'it was added to the copy' else 'its original is not there any more' end
from pairs as p
where p.orig_key is null
union all
select p.orig_key, p.new_key, 'doubled', null, 'its original was copied more than once'
from pairs as p
where p.orig_key is not null and p.nth > 1
union all
select p.orig_key, p.new_key, x.difference, x.column_name, x.detail
from pairs as p
cross join lateral (select (p.source_row).*) as s
cross join lateral (select (p.copied_row).*) as c
{changed_columns}
where p.orig_key is not null and p.new_key is not null
$sql$,
        'source_key', _duplication.key_text('"~source"', v_level.key_column),
        'copy_key', _duplication.key_text('"~copy"', v_level.key_column),
        'copy_orig', _duplication.key_text('"~copy"', v_level.orig_column),
        'relation', v_level.relation::text, 'edge_column', v_level.edge_column,
        'parent_key_cast', v_level.parent_key_cast, 'filter', v_level.filter_clause,
        'edge_filter', v_level.edge_clause, 'orig_column', v_level.orig_column,
        'key_column', v_level.key_column,
        'changed_columns', _duplication.changed_columns_clause(v_tree, p_level, 'parents', null)
    );
    perform _duplication.use_tree_path(v_tree);
    return query execute v_statement using p_id, p_first_parent, p_last_parent, p_lost;
end;
$$;

create or replace function _duplication.verify_planned_rows(
    p_id bigint,
    p_level text,
    p_first_number bigint,
    p_last_number bigint,
    p_lost jsonb,
    p_added jsonb
) returns table (orig_key text, new_key text, difference text, column_name text, detail text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: compare the rows of a mapped level with their originals. The plan tells which belong together.
-- Parameters: p_id, p_level; p_first_number to p_last_number, of the plan; p_lost and p_added as in verify_level.
-- Returns: as verify, without the level; and the difference 'neither' for a row that is in neither source nor copy.
declare
    v_duplication duplication.duplications := _duplication.find_duplication(p_id);
    v_level _duplication.resolved_level := _duplication.resolve_level(v_duplication.tree, p_level);
    v_statement text;
begin
    v_statement := _duplication.fill_sql(
        $sql$
with pairs as (
    select
        m.number, m.orig_key, m.new_key, "~source" as source_row, "~copy" as copied_row,
        "~source"."~is_there" is true as has_source, "~copy"."~is_there" is true as has_copy
    from (
        select m.number, m.orig_key, m.new_key from _duplication.id_map as m
        where m.number between $2 and $3
        order by m.number
    ) as m
    left join lateral (
        select true as "~is_there", s.*
        from {relation} as s
        where s.{"key"} = m.orig_key{key_cast}{filter}{source_condition}
        offset 0
    ) as "~source" on true
    left join lateral (
        select true as "~is_there", c.* from {relation} as c where c.{"key"} = m.new_key{key_cast} offset 0
    ) as "~copy" on true
)

select p.orig_key, p.new_key, 'missing', null::text, 'it is in the source and not in the copy'
from pairs as p
where p.has_source and not p.has_copy
union all
select p.orig_key, p.new_key, 'neither', null, null
from pairs as p
where not p.has_source and not p.has_copy
union all
select p.orig_key, p.new_key, 'extra', null, 'its original is not in the source any more'
from pairs as p
where p.has_copy and not p.has_source
union all
select m.orig_key, m.new_key, x.difference, x.column_name, x.detail
from (select p.* from pairs as p where p.has_source and p.has_copy) as m
cross join lateral (select (m.source_row).*) as s
cross join lateral (select (m.copied_row).*) as c
{changed_columns}
{wrong_original}
$sql$,
        'relation', v_level.relation::text, 'key', v_level.key_column, 'key_cast', v_level.key_cast,
        'filter', v_level.filter_clause,
        'source_condition', case when not v_level.is_root
            then _duplication.source_condition(v_duplication.tree, p_level) end,
        'changed_columns', _duplication.changed_columns_clause(
            v_duplication.tree, p_level, 'rows', case when v_level.is_root then v_duplication.options -> 'overrides' end
        ),
        'wrong_original', case when v_level.orig_column is not null then _duplication.fill_sql(
            $sql$
union all
select p.orig_key, p.new_key, 'different', {'column'}, 'it does not name the original'
from pairs as p
where p.has_source and p.has_copy and {named} is distinct from p.orig_key
$sql$,
            'column', v_level.orig_column, 'named', _duplication.key_text('(p.copied_row)', v_level.orig_column)
        ) end
    );
    perform _duplication.use_tree_path(v_duplication.tree);
    return query execute v_statement using p_id, p_first_number, p_last_number, p_lost, p_added;
end;
$$;

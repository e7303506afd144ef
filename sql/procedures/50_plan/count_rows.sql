create or replace function _duplication.count_rows(p_tree text, p_key text) returns jsonb
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
set jit to off
set enable_seqscan to off
as $$
-- Purpose: how many rows of each level a copy of a root would have, by walking its tree.
-- Parameters: p_tree; p_key of the root, canonical.
-- Returns: level → rows.
-- Errors: those of resolve_level.
declare
    v_statement text;
    v_rows jsonb;
begin
    select _duplication.fill_sql(
        $sql$
with recursive reached as (
    select {'root'}::text collate "C" as level, $1 collate "C" as key
    union
    select x.level, x.key
    from reached as r
    cross join lateral (
{reached_from_it}
    ) as x
)

select jsonb_object_agg(c.level, c.rows)
from (
    select r.level, count(*) as rows from reached as r group by r.level
{counted_from_it}
) as c
$sql$,
        'root', _duplication.root_level(p_tree),
        'reached_from_it', coalesce(
            string_agg(b.reached, E'\nunion all\n') filter (where l.key_column is not null),
            'select r.level, r.key where false'
        ),
        'counted_from_it', string_agg(b.counted, E'\n') filter (where l.key_column is null)
    ) into v_statement
    from duplication.edges as e
    inner join duplication.levels as l on l.tree = e.tree and l.name = e.level
    cross join lateral (
        -- fenced, so that only keys of that level are cast to its key's type
        select _duplication.fill_sql(
            $sql$
(select r.key as orig_key where r.level = {'carrier'} offset 0) as m
{edge_join}
$sql$,
            'carrier', _duplication.edge_carrier(p_tree, e.parent_level),
            'edge_join', _duplication.edge_join(e)
        ) as clause
    ) as f
    cross join lateral (
        select
            _duplication.fill_sql(
                $sql$
select {'level'}::text collate "C" as level, {key_text} as key
from {rows}
$sql$,
                'level', e.level, 'key_text', _duplication.key_text('s', l.key_column), 'rows', f.clause
            ) as reached,
            _duplication.fill_sql(
                $sql$
union all
select {'level'}, count(*)
from reached as r
cross join lateral {rows}
$sql$,
                'level', e.level, 'rows', f.clause
            ) as counted
    ) as b
    where e.tree = p_tree;
    perform _duplication.use_tree_path(p_tree);
    execute v_statement into v_rows using p_key;
    return v_rows;
end;
$$;

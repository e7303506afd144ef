create or replace function _duplication.cut_statement(p_tree text, p_level text) returns text
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the SQL with which a step of planning follows the edge to a level that nothing refers to. It cuts the
    --   range of parents into pieces by the number of their children.
    -- Parameters: p_tree, p_level.
    -- Returns: one SELECT, with parameters as plan_parents gives them.
    -- Errors: those of resolve_level.
    -- The sum is of integers, which is a bigint. A sum of bigints would be a numeric, which takes far longer.
    select _duplication.fill_sql(
        $sql$
with counted as (
    select m.number, c.rows, least(c.rows, 2147483647)::integer as weight
    from (
        select p.number, p.orig_key from _duplication.id_map as p
        where p.number between $1 and $2
        order by p.number
    ) as m
    cross join lateral (
        select count(*) as rows from {relation} as s
        where s.{"edge_column"} = m.orig_key{parent_key_cast}{filter}{edge_filter}
    ) as c
),

cut as (
    select
        c.number, c.rows, c.rows > $4 as is_split,
        (sum(c.weight) over w - c.weight) / $3 as bucket,
        count(*) filter (where c.rows > $4) over w as splits
    from counted as c
    window w as (order by c.number rows unbounded preceding)
)

select min(c.number) as first_number, max(c.number) as last_number, sum(c.rows)::bigint as rows, c.is_split
from cut as c
where c.rows > 0
group by c.bucket, c.splits, c.is_split
order by 1
$sql$,
        'relation', l.relation::text, 'edge_column', l.edge_column, 'parent_key_cast', l.parent_key_cast,
        'filter', l.filter_clause, 'edge_filter', l.edge_clause
    )
    from _duplication.resolve_level(p_tree, p_level) as l;
$$;

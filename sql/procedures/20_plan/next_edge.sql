create or replace function duplication.next_edge(p_id bigint) returns setof duplication.edge_runs
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the next edge that planning has to follow: one with parents below which it has not looked.
    -- Parameters: p_id.
    -- Returns: the edge's run; no row if there is none.
    select e.*
    from duplication.edge_runs as e
    inner join duplication.level_runs as c on c.duplication_id = e.duplication_id and c.level = e.carrier
    where e.duplication_id = p_id
        and duplication.last_number(p_id, c.level) >= c.first_number + e.parents_planned
    order by c.id, e.level, e.parent_level, e.column_name
    limit 1;
$$;

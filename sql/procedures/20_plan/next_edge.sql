create or replace function duplication.next_edge(p_id bigint)
returns table (level text, parent_level text, column_name text, carrier text, batch_rows integer)
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the next edge that planning has to follow: one with parents below which it has not looked.
    -- Parameters: p_id.
    -- Returns: one row at most: the edge, its carrier (see edge_carrier) and the batch size of its level.
    select e.level, e.parent_level, e.column_name, c.level, coalesce(l.batch_rows, s.batch_rows)
    from duplication.edge_runs as e
    inner join duplication.duplications as d on d.id = e.duplication_id
    inner join duplication.levels as l on l.tree = d.tree and l.name = e.level
    cross join duplication.settings as s
    inner join duplication.level_runs as c on c.duplication_id = e.duplication_id
        and c.level = duplication.edge_carrier(d.tree, e.parent_level)
    where e.duplication_id = p_id
        and duplication.last_number(p_id, c.level) >= c.first_number + e.parents_planned
    order by c.id, e.level, e.parent_level, e.column_name
    limit 1;
$$;

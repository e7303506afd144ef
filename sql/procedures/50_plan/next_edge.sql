create or replace function _duplication.next_edge(p_id bigint) returns _duplication.edge_runs
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the next edge that planning has to follow: one with parents whose children are not planned.
-- Parameters: p_id.
-- Returns: the edge's run; all null if there is none.
declare
    v_edge _duplication.edge_runs;
begin
    select e.* into v_edge
    from _duplication.edge_runs as e
    inner join _duplication.level_runs as c on c.duplication_id = e.duplication_id and c.level = e.carrier
    where e.duplication_id = p_id
        and exists (
            -- numbers have no gaps, so one look-up tells; fenced, so that it is a look-up whatever the statistics say
            select from _duplication.id_map as m
            where m.number = c.first_number + e.parents_planned
            offset 0
        )
    order by c.id, e.level, e.parent_level, e.column_name
    limit 1;
    return v_edge;
end;
$$;

create or replace function duplication.plan_rows(
    p_id bigint, p_edge duplication.edges, p_first_parent bigint, p_last_parent bigint
) returns bigint
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: plan the rows that an edge reaches one by one: give each its number in plan order and its new key.
-- Parameters: p_id; p_edge; p_first_parent to p_last_parent, of its carrier, by their numbers in plan order.
-- Returns: the rows planned.
-- Does not commit.
declare
    v_level record;
    v_rows bigint;
    v_statement text;
begin
    select r.* into v_level from duplication.resolve_level(p_edge.tree, p_edge.level) as r;
    -- fenced like the copy's statement: see source_clause
    v_statement := format(
        $statement$
            insert into duplication.id_map (duplication_id, level, number, orig_key, new_key)
            select $1, $2, $3 + c.number, c.orig_key, %s
            from (
                select
                    row_number() over (order by c.parent_number, c.key) as number, c.key::text as orig_key,
                    c.parent_new_key
                from (
                    select %s m.number as parent_number, m.new_key as parent_new_key, s.%I as key
                    from (
                        select p.number, p.orig_key, p.new_key from duplication.id_map as p
                        where p.number between $4 and $5
                        order by p.number
                    ) as m
                    %s
                    -- another edge, or a parent it has moved from meanwhile, has reached it before
                    left join lateral (
                        select true as is_planned from duplication.id_map as x
                        where x.duplication_id = $1 and x.level = $2 and x.orig_key = s.%3$I::text collate "C"
                        offset 0
                    ) as x on true
                    where x.is_planned is null
                    %5$s
                ) as c
                order by 1
            ) as c
        $statement$,
        case when duplication.shares_key(p_edge) then 'c.parent_new_key' else v_level.new_key end,
        case when p_edge.kind = 'owned' then format('distinct on (s.%I)', v_level.key_column) end,
        v_level.key_column, duplication.edge_join(p_edge),
        case when p_edge.kind = 'owned' then format('order by s.%I, m.number', v_level.key_column) end
    );
    perform duplication.use_tree_path(p_edge.tree);
    execute v_statement
    using p_id, p_edge.level, duplication.last_number(p_id, p_edge.level), p_first_parent, p_last_parent;
    get diagnostics v_rows = row_count;
    return v_rows;
end;
$$;

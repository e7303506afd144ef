create or replace function duplication.plan_rows(
    p_id bigint, p_level text, p_first_parent bigint, p_last_parent bigint
) returns bigint
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: plan children one by one: give each its number in plan order and its new key.
-- Parameters: p_id, p_level; p_first_parent to p_last_parent, parents by their numbers in plan order.
-- Returns: the rows planned.
-- Does not commit.
declare
    v_tree text := (duplication.find_duplication(p_id)).tree;
    v_level record;
    v_rows bigint;
    v_statement text;
begin
    select r.* into v_level from duplication.resolve_level(v_tree, p_level) as r;
    -- fenced like the copy's statement: see copy_statement
    v_statement := format(
        $statement$
            insert into duplication.id_map (duplication_id, level, number, orig_key, new_key)
            select $1, $2, $3 + c.number, c.orig_key, %s
            from (
                select row_number() over (order by m.number, s.orig_key) as number, s.orig_key::text as orig_key
                from (
                    select p.number, p.orig_key from duplication.id_map as p
                    where p.number between $4 and $5
                    order by p.number
                ) as m
                cross join lateral (
                    select s.%I as orig_key from %s as s where s.%I = m.orig_key%s%s offset 0
                ) as s
                -- a row that has moved meanwhile, from a parent planned before, is planned already
                left join lateral (
                    select true as is_planned from duplication.id_map as x
                    where x.duplication_id = $1 and x.level = $2 and x.orig_key = s.orig_key::text collate "C"
                    offset 0
                ) as x on true
                where x.is_planned is null
                order by 1
            ) as c
        $statement$,
        v_level.new_key, v_level.key_column, v_level.relation, v_level.edge_column, v_level.parent_key_cast,
        v_level.filter_clause
    );
    perform duplication.use_tree_path(v_tree);
    execute v_statement using p_id, p_level, duplication.last_number(p_id, p_level), p_first_parent, p_last_parent;
    get diagnostics v_rows = row_count;
    return v_rows;
end;
$$;

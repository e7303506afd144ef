create or replace function _duplication.plan_statement(
    p_edge duplication.edges, p_range_of text, p_looks_again boolean default true
) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the SQL that a step of planning runs for an edge.
-- Parameters: p_edge; p_range_of of piece: 'rows', an INSERT that gives each row that the edge reaches its number in plan order
--   and its new key; 'parents', a SELECT that cuts the parents into pieces by how many rows they have below them;
--   p_looks_again, whether rows that are planned already are left out, or met as a unique violation.
-- Returns: SQL text, with parameters as plan_rows and plan_parents give them.
-- Errors: those of resolve_level.
declare
    v_level record;
begin
    select r.* into v_level from _duplication.resolve_level(p_edge.tree, p_edge.level) as r;
    if p_range_of = 'rows' then
        -- fenced like the copy's statement: see source_clause
        return format(
            $statement$
                insert into _duplication.id_map (number, orig_key, new_key)
                select $3 + c.number, c.orig_key, %s
                from (
                    select
                        row_number() over (order by c.parent_number, c.key) as number, c.key::text as orig_key,
                        c.parent_new_key
                    from (
                        select %s m.number as parent_number, m.new_key as parent_new_key, s.%I as key
                        from (
                            select p.number, p.orig_key, p.new_key from _duplication.id_map as p
                            where p.number between $4 and $5
                            order by p.number
                        ) as m
                        %s
                        %5$s
                        %6$s
                    ) as c
                ) as c
            $statement$,
            case when _duplication.shares_key(p_edge) then 'c.parent_new_key' else v_level.new_key end,
            case when p_edge.kind = 'owned' then format('distinct on (s.%I)', v_level.key_column) end,
            v_level.key_column, _duplication.edge_join(p_edge),
            -- another edge, or a parent it has moved from meanwhile, has reached it before
            case when p_looks_again then format(
                'left join lateral (
                            select true as is_planned from _duplication.id_map as x
                            where x.run = (select _duplication.find_run_id($1, $2)) and x.orig_key = s.%I::text collate "C"
                            offset 0
                        ) as x on true
                        where x.is_planned is null', v_level.key_column
            ) end,
            case when p_edge.kind = 'owned' then format('order by s.%I, m.number', v_level.key_column) end
        );
    end if;
    -- a piece is cut by the sum of integers, which is a bigint: that of bigints is a numeric, and takes far longer
    return format(
        $statement$
            with counted as (
                select m.number, c.rows, least(c.rows, 2147483647)::integer as weight
                from (
                    select p.number, p.orig_key from _duplication.id_map as p
                    where p.number between $1 and $2
                    order by p.number
                ) as m
                cross join lateral (
                    select count(*) as rows from %s as s where s.%I = m.orig_key%s%s
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
        $statement$,
        v_level.relation, v_level.edge_column, v_level.parent_key_cast,
        v_level.filter_clause || v_level.edge_clause
    );
end;
$$;

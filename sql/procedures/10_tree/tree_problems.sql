create or replace function duplication.tree_problems(p_tree text)
returns table (level text, problem text, hint text, is_certain boolean)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: what about a tree makes its copy fail, or may.
-- Parameters: p_tree.
-- Returns: a row per problem, with its hint; is_certain: a copy is refused for it.
-- Errors: UD001; UD010 where the levels have no order, and those of resolve_level.
declare
    v_order record;
begin
    return query select e.* from duplication.edge_problems(p_tree) as e;
    if found then
        return;
    end if;
    for v_order in select o.* from duplication.copy_order(p_tree) as o loop
        return query
        select v_order.level, p.problem, p.hint, true
        from duplication.level_problems(p_tree, v_order.level) as p;
        if not found then
            return query
            select v_order.level, p.problem, p.hint, p.is_certain
            from duplication.unique_problems(
                p_tree, v_order.level, v_order.mapped, v_order.late_columns
            ) as p;
        end if;
    end loop;
end;
$$;

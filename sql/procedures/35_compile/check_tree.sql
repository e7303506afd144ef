create or replace function _duplication.check_tree(p_tree text) returns void
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: refuse a tree whose copy would fail half way, before a row is written.
-- Parameters: p_tree.
-- Errors: UD001; UD010 with the table, the column and how to correct it.
declare
    v_problem record;
begin
    select p.level, p.problem, p.hint into v_problem
    from duplication.tree_problems(p_tree) as p
    where p.is_certain
    limit 1;
    if found then
        raise exception using
            errcode = 'UD010',
            message = format('level %s of tree %s: %s', v_problem.level, p_tree, v_problem.problem),
            hint = v_problem.hint;
    end if;
end;
$$;

create or replace function duplication.tree_problems(p_tree text)
returns table (level text, problem text, hint text, is_certain boolean)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- If a level's table does not fit the catalog, resolve_level raises an error. Its text becomes the problem.
declare
    v_order record;
    v_detail text;
begin
    return query select e.* from _duplication.edge_problems(p_tree) as e;
    if found then
        return;
    end if;
    for v_order in select o.* from _duplication.copy_order(p_tree) as o loop
        begin
            return query
            select v_order.level, p.problem, p.hint, true
            from _duplication.level_problems(p_tree, v_order.level) as p;
            if not found then
                return query
                select v_order.level, p.problem, p.hint, p.is_certain
                from _duplication.unique_problems(
                    p_tree, v_order.level, v_order.mapped, v_order.deferred_columns
                ) as p;
            end if;
        exception when sqlstate 'UD010' then
            get stacked diagnostics problem = message_text, v_detail = pg_exception_detail, hint = pg_exception_hint;
            problem := problem || coalesce(': ' || nullif(rtrim(v_detail, '.'), ''), '');
            level := v_order.level;
            is_certain := true;
            return next;
        end;
        return query
        select
            l.name, format(
                'foreign key %s refers to %s of level %s, which is null for a time', r.constraint_name,
                array_to_string(r.target_columns, ', '), v_order.level
            ),
            'Give one of its columns a rule in duplication.column_rules.', true
        from duplication.levels as l
        cross join lateral _duplication.level_references(p_tree, l.name) as r
        where v_order.deferred_columns <> '{}' and l.tree = p_tree and r.target_level = v_order.level
            and r.origin = 'constraint' and r.target_columns::text[] && v_order.deferred_columns;
    end loop;
end;
$$;
comment on function duplication.tree_problems(text) is
'The problems of a tree that make its copy fail, or may make it fail. Call it after you declare or change a tree.

Parameters
  p_tree: text, the tree.
Returns: a row per problem: level (null for the whole tree), problem, hint, is_certain (the problem refuses a copy).
Errors: UD001 (unknown tree), UD010 (the levels have no order).
Commits: no.
Rights: EXECUTE, and those of a worker in _duplication.
Example: select * from duplication.tree_problems(''episode'');';

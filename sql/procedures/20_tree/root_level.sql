create or replace function _duplication.root_level(p_tree text) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the root level of a tree: no other level is above it.
-- Parameters: p_tree. Returns: the level's name.
-- Errors: UD001; UD010 unless there is exactly one.
declare
    v_roots text[] := array(
        select l.name
        from duplication.levels as l
        where l.tree = p_tree and not exists (
            select from duplication.edges as e
            where e.tree = p_tree and e.level = l.name and e.parent_level <> l.name
        )
        order by l.name
    );
begin
    if cardinality(v_roots) <> 1 then
        if not exists (select from duplication.trees as t where t.name = p_tree) then
            perform _duplication.resolve_level(p_tree, '');
        end if;
        raise exception using
            errcode = 'UD010',
            message = format('tree %s needs one root that reaches all its levels', p_tree),
            detail = format('Without an edge: %s. Its levels: %s.', coalesce(nullif(array_to_string(v_roots, ', '), ''), 'none'), (
                select coalesce(string_agg(l.name, ', ' order by l.name), 'none')
                from duplication.levels as l
                where l.tree = p_tree
            )),
            hint = 'Correct duplication.levels or duplication.edges.';
    end if;
    return v_roots[1];
end;
$$;

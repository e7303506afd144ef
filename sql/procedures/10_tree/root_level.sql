create or replace function duplication.root_level(p_tree text) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the level that nothing is above.
-- Parameters: p_tree. Returns: the level's name.
-- Errors: UD001; UD010 unless there is exactly one and it reaches every level.
declare
    v_roots text[];
    v_unreached text;
begin
    if not exists (select from duplication.trees as t where t.name = p_tree) then
        perform duplication.resolve_level(p_tree, '');
    end if;
    select array_agg(l.name order by l.name) into v_roots
    from duplication.levels as l
    where l.tree = p_tree and not exists (select from duplication.edges as e where e.tree = p_tree and e.level = l.name);
    select string_agg(l.name, ', ' order by l.name) into v_unreached
    from duplication.levels as l
    where l.tree = p_tree and l.name not in (select o.level from duplication.copy_order(p_tree) as o);
    if cardinality(v_roots) is distinct from 1 or v_unreached is not null then
        raise exception using
            errcode = 'UD010',
            message = format('tree %s needs one root that reaches all its levels', p_tree),
            detail = format(
                'Without an edge: %s. Not reached: %s.',
                coalesce(array_to_string(v_roots, ', '), 'none'), coalesce(v_unreached, 'none')
            ),
            hint = 'Correct duplication.levels or duplication.edges.';
    end if;
    return v_roots[1];
end;
$$;

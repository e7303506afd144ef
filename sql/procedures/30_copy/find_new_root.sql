create or replace function duplication.find_new_root(p_tree text, p_run duplication.level_runs) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: which row is the copy's root, once it is copied.
-- Parameters: p_tree; p_run of a level that is copied.
-- Returns: the new root's key; null if the level is not the root's.
begin
    return (
        select m.new_key
        from duplication.compiled_trees as c
        cross join duplication.id_map as m
        where c.tree = p_tree and c.root_level = p_run.level and m.number = p_run.first_number
    );
end;
$$;

create or replace function _duplication.find_root(p_tree text) returns duplication.levels
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the root level of a tree.
-- Parameters: p_tree. Returns: its row of duplication.levels.
-- Errors: those of root_level.
declare
    v_name text := _duplication.root_level(p_tree);
    v_root duplication.levels;
begin
    select l.* into v_root from duplication.levels as l where l.tree = p_tree and l.name = v_name;
    return v_root;
end;
$$;

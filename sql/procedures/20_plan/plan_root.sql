create or replace function duplication.plan_root(p_id bigint) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: plan the root: one row, whose key the request names. Harmless when repeated.
-- Parameters: p_id.
-- Errors: UD004 if the row is not there (any more).
-- Does not commit.
declare
    v_duplication duplication.duplications := duplication.find_duplication(p_id);
    v_root duplication.compiled_trees;
    v_rows bigint;
begin
    select c.* into v_root from duplication.compiled_trees as c where c.tree = v_duplication.tree;
    if exists (
        select from duplication.id_map as m
        where m.duplication_id = p_id and m.level = v_root.root_level and m.orig_key = v_duplication.root_key
    ) then
        return;
    end if;
    perform duplication.use_tree_path(v_duplication.tree);
    execute v_root.plan_statement using p_id, v_root.root_level, v_duplication.root_key;
    get diagnostics v_rows = row_count;
    if v_rows = 0 then
        perform duplication.check_root(v_duplication.tree, v_duplication.root_key);
    end if;
end;
$$;

create or replace function _duplication.plan_root(p_duplication duplication.duplications) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: plan the root: one row, whose key the request names. Harmless when repeated.
-- Parameters: p_duplication.
-- Errors: UD004 if the row is not there (any more).
-- Does not commit.
declare
    v_root _duplication.compiled_trees;
    v_rows bigint;
begin
    select c.* into v_root from _duplication.compiled_trees as c where c.tree = p_duplication.tree;
    if exists (
        select from _duplication.id_map as m
        where m.run = (select _duplication.find_run_id(p_duplication.id, v_root.root_level))
            and m.orig_key = p_duplication.root_key
    ) then
        return;
    end if;
    perform _duplication.use_tree_path(p_duplication.tree);
    execute _duplication.prepare_statement(
        v_root.plan_statement, 'bigint, text, text', p_duplication.id::text, v_root.root_level, p_duplication.root_key
    ) into v_rows;
    if v_rows = 0 then
        perform _duplication.check_root(_duplication.find_root(p_duplication.tree), p_duplication.root_key);
    end if;
end;
$$;

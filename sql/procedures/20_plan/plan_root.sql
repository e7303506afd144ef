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
    v_root text := duplication.root_level(v_duplication.tree);
    v_new_key text;
begin
    if exists (
        select from duplication.id_map as m
        where m.duplication_id = p_id and m.level = v_root and m.orig_key = v_duplication.root_key
    ) then
        return;
    end if;
    perform duplication.check_root(v_duplication.tree, v_duplication.root_key);
    v_new_key := (duplication.resolve_level(v_duplication.tree, v_root)).new_key;
    perform duplication.use_tree_path(v_duplication.tree);
    execute format(
        'insert into duplication.id_map (number, duplication_id, level, orig_key, new_key)
        select r.first_number, r.duplication_id, r.level, $3, %s
        from duplication.level_runs as r
        where r.duplication_id = $1 and r.level = $2',
        v_new_key
    ) using p_id, v_root, v_duplication.root_key;
end;
$$;

create or replace function duplication.next_level(p_id bigint) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the level of the chain that is to be worked on.
-- Parameters: p_id.
-- Returns: the first level in copy order that is not done; null if all are.
-- Errors: UD003.
declare
    v_tree text := (duplication.find_duplication(p_id)).tree;
    v_root text;
begin
    -- a run keeps the levels it was started with, whatever becomes of the tree
    if exists (select from duplication.level_runs as r where r.duplication_id = p_id) then
        return (
            select r.level
            from duplication.level_runs as r
            where r.duplication_id = p_id and r.completed_at is null
            order by r.ordinal
            limit 1
        );
    end if;
    v_root := duplication.root_level(v_tree);
    -- mostly it is the root, and no order of the others is needed to know
    if not exists (
        select from duplication.level_references(v_tree, v_root) as r
        where (r.is_checked or r.by_row) and r.target_level <> v_root
    ) then
        return v_root;
    end if;
    return (select o.level from duplication.copy_order(v_tree) as o order by o.ordinal limit 1);
end;
$$;

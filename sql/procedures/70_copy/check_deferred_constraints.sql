create or replace function _duplication.check_deferred_constraints(p_id bigint) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: run the deferred constraints and triggers of the content now, under the tree's search path, not at commit.
-- Parameters: p_id.
-- Errors: whatever they raise. Does not commit.
begin
    perform _duplication.use_tree_path(d.tree) from duplication.duplications as d where d.id = p_id;
    set constraints all immediate;
end;
$$;

create or replace function _duplication.use_tree_path(p_tree text) returns void
language plpgsql
as $$
-- Purpose: for the rest of the calling function, use the tree's search_path, so that filters, new keys and rules mean
--   the same in the plan, the copy and verify. The caller has a SET clause for search_path, which restores the path at
--   the caller's end. This function has no SET clause: the path would end with it.
-- Parameters: p_tree.
begin
    perform pg_catalog.set_config('search_path', t.search_path, true)
    from duplication.trees as t
    where t.name = p_tree;
end;
$$;

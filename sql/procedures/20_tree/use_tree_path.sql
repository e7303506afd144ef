create or replace function _duplication.use_tree_path(p_tree text) returns void
language plpgsql
as $$
-- Purpose: for the rest of the calling function, resolve names as the tree's own expressions need it (filters, new
--   keys, rules): the plan, the copy and verify must mean the same by them. The caller pins its path by a SET clause,
--   which ends this; this function has none, for the same reason.
-- Parameters: p_tree.
begin
    perform pg_catalog.set_config('search_path', t.search_path, true)
    from duplication.trees as t
    where t.name = p_tree;
end;
$$;

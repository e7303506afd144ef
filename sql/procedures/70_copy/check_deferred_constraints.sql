create or replace function _duplication.check_deferred_constraints(p_id bigint) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: check now what the content's deferred constraints and triggers would check at commit, where names are not
--   resolved as the tree needs it.
-- Parameters: p_id.
-- Errors: whatever they raise. Does not commit.
begin
    perform _duplication.use_tree_path(d.tree) from duplication.duplications as d where d.id = p_id;
    set constraints all immediate;
end;
$$;

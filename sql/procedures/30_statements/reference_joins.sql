create or replace function _duplication.reference_joins(p_tree text, p_level text, p_range_of text) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the part of a FROM clause that looks up what the references of a source row s become. The aliases are r1,
--   r2 …, by the nr of level_references. Each has new_key and number of the target, null if the target is not in the
--   copy. With by_row, it also has target_key, and the values of the target's copy.
-- Parameters: p_tree, p_level; p_range_of, 'rows' or 'parents': with 'parents', m is the parent's plan already.
-- Returns: SQL text; null if there is nothing to look up.
-- Errors: those of resolve_level.
begin
    return (
        select string_agg(_duplication.reference_join(r, t), E'\n' order by r.nr)
        from _duplication.level_references(p_tree, p_level) as r
        cross join lateral _duplication.resolve_level(p_tree, r.target_level) as t
        where not r.is_array and not (r.origin = 'below' and p_range_of = 'parents')
            and (r.origin = 'below' or cardinality(r.assigned) > 0)
    );
end;
$$;

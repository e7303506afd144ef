create or replace function _duplication.source_clause(p_tree text, p_level text, p_range_of text) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the FROM clause that finds the source rows of a batch by the plan. Its parameters: $1 the duplication, $2
--   and $3 the first and last number of the batch. Its aliases: m the plan; s the source row; r1 … what the references
--   become (see reference_joins); copy, what a rule's expression may use of the copy.
-- Parameters: p_tree, p_level; p_range_of: 'rows', the numbers are of the level's own rows, or 'parents', they are of
--   the parents, and all children belong to the batch.
-- Returns: SQL text.
-- Errors: those of source_joins.
begin
    return concat_ws(
        E'\nwhere ', _duplication.source_joins(p_tree, p_level, p_range_of),
        case when p_range_of = 'rows' then _duplication.reach_condition(p_tree, p_level) end
    );
end;
$$;

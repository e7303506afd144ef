create or replace function _duplication.source_clause(p_tree text, p_level text, p_range_of text) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the FROM clause that finds the source rows of a batch by its plan. Its parameters: $1 the duplication, $2 and
--   $3 the first and last number of the batch in plan order. Its aliases: m the plan, s the source row, r1 … what its
--   references become (see reference_joins) and copy, what a rule's expression sees of the copy.
-- Parameters: p_tree, p_level; p_range_of of piece: 'rows', numbers of the level's own rows, or 'parents', numbers of their
--   parents, all of whose children are meant.
-- Returns: SQL text.
-- Errors: those of source_joins.
begin
    return concat_ws(
        E'\nwhere ', _duplication.source_joins(p_tree, p_level, p_range_of),
        case when p_range_of = 'rows' then _duplication.reach_condition(p_tree, p_level) end
    );
end;
$$;

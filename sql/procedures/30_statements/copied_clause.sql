create or replace function _duplication.copied_clause(p_id bigint, p_level text, p_range_of text) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the FROM clause that finds the copied rows of a range by its plan: what source_clause is for their originals.
--   Its parameters: $1 the duplication, $2 and $3 the first and last number. Its aliases: m the plan, c the copied row.
-- Parameters: p_id, p_level; p_range_of, 'rows' or 'parents'.
-- Returns: SQL text.
-- Errors: those of resolve_level.
declare
    v_level record;
begin
    select r.* into v_level from _duplication.resolve_level((_duplication.find_duplication(p_id)).tree, p_level) as r;
    return format(
        $clause$from (
    select m.number, m.orig_key, m.new_key from _duplication.id_map as m
    where m.number between $2 and $3 and not m.missing
    order by m.number
) as m
cross join lateral (
    select c.* from %s as c
    where %s
    offset 0
) as c$clause$,
        v_level.relation,
        case p_range_of
            when 'rows' then format('c.%I = m.new_key%s', v_level.key_column, v_level.key_cast)
            else format(
                'c.%I = m.new_key%s and %s', v_level.edge_column, v_level.parent_key_cast,
                _duplication.is_copied_condition(p_id, p_level, 'c')
            )
        end
    );
end;
$$;

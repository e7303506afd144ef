create or replace function _duplication.copied_clause(p_id bigint, p_level text, p_range_of text) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the FROM clause that finds the copied rows of a range of the plan, as source_clause finds their originals.
--   Its parameters: $1 the duplication, $2 and $3 the first and last number. Its aliases: m the plan, c the copied row.
-- Parameters: p_id, p_level; p_range_of, 'rows' or 'parents'.
-- Returns: SQL text.
-- Errors: those of resolve_level.
declare
    v_level _duplication.resolved_level := _duplication.resolve_level(
        (_duplication.find_duplication(p_id)).tree, p_level
    );
begin
    return _duplication.fill_sql(
        $sql$
from (
    select m.number, m.orig_key, m.new_key from _duplication.id_map as m
    where m.number between $2 and $3 and not m.missing
    order by m.number
) as m
cross join lateral (
    select c.* from {relation} as c
    where c.{"column"} = m.new_key{key_cast}{and_is_copied}
    offset 0
) as c
$sql$,
        'relation', v_level.relation::text,
        'column', case p_range_of when 'rows' then v_level.key_column else v_level.edge_column end,
        'key_cast', case p_range_of when 'rows' then v_level.key_cast else v_level.parent_key_cast end,
        'and_is_copied', case when p_range_of <> 'rows'
            then ' and ' || _duplication.is_copied_condition(p_id, p_level, 'c') end
    );
end;
$$;

create or replace function _duplication.source_joins(p_tree text, p_level text, p_range_of text) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the FROM clause of source_clause without its condition: it also finds rows that have left the copied tree.
-- Parameters: as source_clause.
-- Returns: SQL text.
-- Errors: those of resolve_level; UD016 if p_range_of is unknown.
declare
    v_level _duplication.resolved_level := _duplication.resolve_level(p_tree, p_level);
begin
    if p_range_of is distinct from 'rows' and p_range_of is distinct from 'parents' then
        raise exception using
            errcode = 'UD016',
            message = format('pieces are not ranges of %L', p_range_of),
            hint = 'Ranges are of rows or of parents.';
    end if;
    -- ORDER BY and OFFSET 0 fence the subqueries. So the joins run from the outside in, each by its index, whatever the
    -- statistics say, and a batch touches only its own rows.
    return _duplication.fill_sql(
        $sql$
from (
    select m.number, m.orig_key, m.new_key from _duplication.id_map as m
    where m.number between $2 and $3 and not m.missing
    order by m.number
) as m
cross join lateral (
    select s.* from {relation} as s
    where s.{"column"} = m.orig_key{key_cast}{filter}{edge_filter}
    offset 0
) as s
{reference_joins}
{copy_join}
$sql$,
        'relation', v_level.relation::text,
        'column', case p_range_of when 'rows' then v_level.key_column else v_level.edge_column end,
        'key_cast', case p_range_of when 'rows' then v_level.key_cast else v_level.parent_key_cast end,
        'filter', v_level.filter_clause,
        'edge_filter', case p_range_of when 'parents' then v_level.edge_clause end,
        'reference_joins', _duplication.reference_joins(p_tree, p_level, p_range_of),
        'copy_join', (
            select _duplication.fill_sql(
                'cross join lateral (select {new_key} as new_key, $1 as duplication_id) as copy',
                'new_key', case p_range_of when 'rows' then 'm.new_key' || v_level.key_cast else 'null' end
            )
            where exists (
                select from duplication.column_rules as r
                where r.tree = p_tree and coalesce(r.level, p_level) = p_level and r.expression ~ '\mcopy\.'
            )
        )
    );
end;
$$;

create or replace function _duplication.reference_values(
    p_tree text, p_level text, p_deferred text[], p_unmapped text
) returns table (column_name name, expression text, is_parent boolean)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: what each referencing column of a level becomes: the new key of the row that it names, if that row is in the
--   copy. Otherwise the value stays if the reference leaves the tree; if not, see drops_reference.
-- Parameters: p_tree, p_level; p_deferred, columns that become null if their target is not copied yet; p_unmapped,
--   replaces what the rules say about unmapped references, unless it is null.
-- Returns: a row per column. expression may use the aliases of source_clause; is_parent: an edge below uses the column.
-- Errors: those of resolve_level.
declare
    v_level _duplication.resolved_level := _duplication.resolve_level(p_tree, p_level);
begin
    return query
    select
        u.name,
        coalesce(min(v.sole_parent), _duplication.fill_sql(
            $sql$
case
    {when_in_copy}
    when s.{"column"} is null then null
    {when_dropped}
    else s.{"column"}
end
$sql$,
            'when_in_copy', string_agg(
                _duplication.when_in_copy(v_level, r, u.name, p_deferred, coalesce(p_unmapped, r.unmapped)),
                E'\n' order by r.nr
            ) filter (where v.sole_parent is null),
            'column', u.name,
            'when_dropped', string_agg(
                _duplication.when_dropped(p_tree, v_level, r, u.name, coalesce(p_unmapped, r.unmapped)),
                E'\n' order by r.nr
            ) filter (where v.sole_parent is null and not r.is_array)
        )),
        bool_or(r.origin = 'below')
    from _duplication.level_references(p_tree, p_level) as r
    cross join lateral unnest(r.assigned) as u (name)
    cross join lateral (
        -- a row whose only parent is not in the copy is not copied: see reach_condition
        select case when r.origin = 'below' and u.name = v_level.edge_column and v_level.parent_level <> p_level
            and u.name <> all(p_deferred)
            then 'r' || r.nr || '.new_key' || v_level.parent_key_cast
        end as sole_parent
    ) as v
    group by u.name;
end;
$$;

create or replace function _duplication.reference_values(
    p_tree text, p_level text, p_deferred text[], p_unmapped text
) returns table (column_name name, expression text, is_parent boolean)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: what each referencing column of a level becomes: the new key of the row it names when that is in the copy. Else
--   the value stays, if it leaves the tree; if it should have been mapped, it does not (see drops_reference).
-- Parameters: p_tree, p_level; p_deferred, columns that become null where their target is not there yet; p_unmapped, overrides
--   what the rules say of unmapped references (null: does not).
-- Returns: a row per column; the expression sees what source_clause has; is_parent: an edge below uses it.
-- Errors: those of resolve_level.
declare
    v_level record;
begin
    select r.* into v_level from _duplication.resolve_level(p_tree, p_level) as r;
    return query
    select
        u.name,
        -- of a row whose only parent is not in the copy there is no copy: see reach_condition
        case when min(v.sole_parent) is not null then min(v.sole_parent) else format(
            'case %s when s.%I is null then null %s else s.%2$I end',
            string_agg(
                case
                    when r.is_array then format(
                        'when %s then _duplication.map_array($1, %L, %s, %L, %L, s.%I::pg_catalog.text[], %L)::%s',
                        coalesce(c.condition || ' and ', '') || format('s.%I is not null', u.name),
                        p_level, v.row_key, u.name, r.target_level, u.name, coalesce(p_unmapped, r.unmapped), v.type_name
                    )
                    else format('when r%s.new_key is not null then %s', r.nr, case
                        when u.name is distinct from r.key_column and (r.by_row or u.name = any(r.nullable))
                            then format('r%s.value_%s', r.nr, array_position(r.columns, u.name))
                        -- a tenant beside the key, say; its row may come later
                        when u.name <> r.key_column
                            then format('coalesce(r%s.value_%s, s.%I)', r.nr, array_position(r.columns, u.name), u.name)
                        when u.name <> all(p_deferred) then v.new_value
                        when r.target_level <> p_level then 'null'
                        else format(
                            'case when r%s.number between $2 and $3 or exists (select from %s as c where c.%I = %s offset 0) '
                            'then %s end',
                            r.nr, v_level.relation, v_level.key_column, 'r' || r.nr || '.new_key' || v_level.key_cast,
                            v.new_value
                        )
                    end)
                end,
                ' ' order by r.nr
            ),
            u.name,
            string_agg(
                format(
                    -- not by AND, which looks at its second operand when the first is null
                    'when case when %s is not true then false when %s then '
                    '_duplication.drops_reference($1, %L, %s, %L, %L, %s, %L) end then null',
                    coalesce(c.condition, 'true'),
                    case when v.sole_parent is null
                        then _duplication.in_source_tree_condition(p_tree, r.target_level, k.target_key) end,
                    p_level, v.row_key, u.name, r.target_level, k.target_key, coalesce(p_unmapped, r.unmapped)
                ),
                ' ' order by r.nr
            ) filter (where not r.is_array)
        ) end,
        bool_or(r.origin = 'below')
    from _duplication.level_references(p_tree, p_level) as r
    cross join lateral unnest(r.assigned) as u (name)
    inner join pg_attribute as a on a.attrelid = v_level.relation and a.attname = u.name
    cross join lateral (
        select
            coalesce('s.' || quote_ident(v_level.key_column) || '::pg_catalog.text', 'null') as row_key,
            format_type(a.atttypid, a.atttypmod) as type_name,
            case when not r.is_array and not r.by_row
                then format('r%s.new_key%s', r.nr, _duplication.key_cast(v_level.relation, u.name))
            end as new_value,
            case when r.origin = 'below' and u.name = v_level.edge_column and v_level.parent_level <> p_level
                and u.name <> all(p_deferred)
                then format('r%s.new_key%s', r.nr, v_level.parent_key_cast)
            end as sole_parent
    ) as v
    cross join lateral (
        select case when r.by_row then format('r%s.target_key', r.nr)
            else format('s.%I::pg_catalog.text', r.key_column) end as target_key
    ) as k
    cross join lateral (select _duplication.row_expression(r.condition, 's') as condition) as c
    group by u.name;
end;
$$;

create or replace function _duplication.reference_joins(p_tree text, p_level text, p_range_of text) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the part of a FROM clause that looks up, for a source row s, what its references become: r1, r2 … by the numbers
--   of level_references, each with the target's old key, its new_key and its number in the plan, null where it is not in
--   the copy, and for a reference by row the values of the target's copy.
-- Parameters: p_tree, p_level; p_range_of of piece: for 'parents', m is the parent's plan already.
-- Returns: SQL text, '' if there is nothing to look up.
-- Errors: those of resolve_level.
begin
    return coalesce((
        select string_agg(case when r.by_row then format(
            $clause$
left join lateral (
    select t.%2$I::pg_catalog.text as target_key, x.new_key, x.number, %3$s
    from %1$s as t
    left join lateral (
        select x.new_key, x.number from _duplication.id_map as x
        where x.run = (select _duplication.find_run_id($1, %4$L)) and not x.missing
            and x.orig_key = t.%2$I::pg_catalog.text collate "C"
        offset 0
    ) as x on true
    left join lateral (select n.* from %1$s as n where n.%2$I = x.new_key%5$s offset 0) as n on true
    where %6$s
    offset 0
) as r%7$s on true$clause$,
            t.relation, t.key_column, v.named, r.target_level, t.key_cast, v.matches, r.nr
        ) else format(
            $clause$
left join lateral (
    select x.new_key, x.number%s from _duplication.id_map as x%s
    where x.run = (select _duplication.find_run_id($1, %L)) and not x.missing
        and x.orig_key = s.%I::pg_catalog.text collate "C"%s
    offset 0
) as r%s on true$clause$,
            ', ' || w.named,
            case when w.named is not null then format(
                ' left join lateral (select n.* from %s as n where n.%I = x.new_key%s offset 0) as n on true',
                t.relation, t.key_column, t.key_cast
            ) end,
            r.target_level, r.key_column, ' and ' || _duplication.row_expression(r.condition, 's'), r.nr
        ) end, '' order by r.nr)
        from _duplication.level_references(p_tree, p_level) as r
        cross join lateral _duplication.resolve_level(p_tree, r.target_level) as t
        cross join lateral (
            select
                string_agg(format('n.%I as value_%s', u.target_column, u.nr), ', ' order by u.nr) as named,
                string_agg(format('t.%I = s.%I', u.target_column, u.name), ' and ' order by u.nr) as matches
            from unnest(r.columns, r.target_columns) with ordinality as u (name, target_column, nr)
        ) as v
        -- of a target that is named by its key among other columns, only these are looked up
        cross join lateral (
            select case when r.assigned && array_remove(r.columns, r.key_column) then v.named end as named
        ) as w
        where not r.is_array and not (r.origin = 'below' and p_range_of = 'parents')
            and (r.origin = 'below' or cardinality(r.assigned) > 0)
    ), '');
end;
$$;

create or replace function _duplication.raise_cycle(
    p_tree text, p_references jsonb, p_levels text[]
) returns void
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: say why levels cannot be brought into an order.
-- Parameters: p_tree; p_references as in copy_order; p_levels, the levels that have no place yet.
-- Errors: UD010, always, with a path that ends where it begins.
declare
    v_path text;
begin
    with recursive fixed as (
        select r ->> 'level' as level, r ->> 'target' as target, r ->> 'columns' as columns
        from jsonb_array_elements(p_references) as r
        where (r -> 'needed')::boolean and r ->> 'nullable' = '[]'
            and r ->> 'level' = any(p_levels) and r ->> 'target' = any(p_levels)
            and (r ->> 'level' <> r ->> 'target' or (r -> 'by_row')::boolean)
    ),

    walks as (
        select array[f.level, f.target] as walk, format('%s (%s) → %s', f.level, f.columns, f.target) as path
        from fixed as f
        union all
        select w.walk || f.target, format('%s (%s) → %s', w.path, f.columns, f.target)
        from walks as w
        inner join fixed as f on f.level = w.walk[cardinality(w.walk)]
        where w.walk[1] <> w.walk[cardinality(w.walk)] and f.target <> all(w.walk[2:])
    )

    select w.path into v_path
    from walks as w
    where w.walk[1] = w.walk[cardinality(w.walk)]
    order by cardinality(w.walk), w.walk
    limit 1;
    raise exception using
        errcode = 'UD010',
        message = format('the levels of tree %s refer to each other in a circle: %s', p_tree, v_path),
        detail = 'No column of the circle may be null, so none of these rows can be inserted first.',
        hint = 'Drop NOT NULL from one of the referencing columns, or give it a rule in duplication.column_rules.';
end;
$$;

create or replace function duplication.verify_unplanned_rows(
    p_id bigint, p_level text, p_first_parent bigint, p_last_parent bigint, p_lost_parents text[]
) returns table (orig_key text, new_key text, difference text, column_name text, detail text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: find children that a level's plan does not know: added to the source after planning, or to the copy.
-- Parameters: p_id, p_level, one that is planned row by row; p_first_parent to p_last_parent in plan order;
--   p_lost_parents, keys of parents that are not in the source any more.
-- Returns: as verify, without the level.
declare
    v_tree text := (duplication.find_duplication(p_id)).tree;
    v_level record;
    v_statement text;
begin
    select r.* into v_level from duplication.resolve_level(v_tree, p_level) as r;
    v_statement := format(
        $statement$
            with parents as (
                select m.orig_key, m.new_key from duplication.id_map as m
                where m.number between $3 and $4
            )

            select s.key, null::text, 'missing', null::text, 'it was added to the source after the copy was planned'
            from parents as m
            cross join lateral (
                select s.%1$I::text as key from %2$s as s where s.%3$I = m.orig_key%4$s%5$s offset 0
            ) as s
            where m.orig_key <> all($5) and not exists (
                select from duplication.id_map as x
                where x.duplication_id = $1 and x.level = $2 and x.orig_key = s.key collate "C"
                -- fenced, for one look-up a row: as a join it was done by comparing each with each
                offset 0
            )
            union all
            select null, c.%1$I::text, 'extra', null, 'it was added to the copy'
            from parents as m
            cross join lateral (select c.* from %2$s as c where c.%3$I = m.new_key%4$s offset 0) as c
            where not %6$s
        $statement$,
        v_level.key_column, v_level.relation, v_level.edge_column, v_level.parent_key_cast,
        v_level.filter_clause, duplication.is_copied_condition(v_tree, p_level, 'c')
    );
    perform duplication.use_tree_path(v_tree);
    return query execute v_statement using p_id, p_level, p_first_parent, p_last_parent, p_lost_parents;
end;
$$;

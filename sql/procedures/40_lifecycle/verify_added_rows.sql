create or replace function duplication.verify_added_rows(
    p_id bigint, p_level text, p_added_parents text[]
) returns table (orig_key text, new_key text, difference text, column_name text, detail text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: find rows below parents that were added to the source after it was planned.
-- Parameters: p_id, p_level; p_added_parents, keys of such parents.
-- Returns: as verify, without the level. A row that has moved there is not among them if it was planned.
declare
    v_tree text := (duplication.find_duplication(p_id)).tree;
    v_level record;
    v_statement text;
begin
    select r.* into v_level from duplication.resolve_level(v_tree, p_level) as r;
    v_statement := format(
        $statement$
            select s.key, null::text, 'missing', null::text, 'it was added to the source after the copy was planned'
            from unnest($3) as m (orig_key)
            cross join lateral (
                select s.%I::text as key from %s as s where s.%I = m.orig_key%s%s offset 0
            ) as s
            where not exists (
                select from duplication.id_map as x
                where x.duplication_id = $1 and x.level = $2 and x.orig_key = s.key collate "C"
                -- fenced, for one look-up a row: as a join it was done by comparing each with each
                offset 0
            )
        $statement$,
        v_level.key_column, v_level.relation, v_level.edge_column, v_level.parent_key_cast, v_level.filter_clause
    );
    perform duplication.use_tree_path(v_tree);
    return query execute v_statement using p_id, p_level, p_added_parents;
end;
$$;

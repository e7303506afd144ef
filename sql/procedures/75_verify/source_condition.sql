create or replace function _duplication.source_condition(p_tree text, p_level text) returns text
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the condition that a source row s still hangs below the tree of duplication $1, with $4 and $5 the keys lost
    --   and added above, as in verify_level.
    -- Parameters: p_tree, p_level, not the root.
    -- Returns: SQL text to append to a condition; null for rows that are owned.
    select ' and (' || string_agg(format(
        '($5 -> %1$L ? s.%2$I::text or not coalesce($4 -> %1$L ? s.%2$I::text, false) and exists (
            select from _duplication.id_map as x
            where x.run = (select _duplication.find_run_id($1, %1$L)) and x.orig_key = s.%2$I::text collate "C"
            offset 0
        ))%3$s',
        e.parent_level, e.column_name, ' and (' || e.row_filter || ')'
    ), ' or ' order by e.parent_level, e.column_name) || ')'
    from duplication.edges as e
    where e.tree = p_tree and e.level = p_level
    having bool_and(e.kind = 'below');
$$;

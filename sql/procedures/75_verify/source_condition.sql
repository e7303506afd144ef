create or replace function _duplication.source_condition(p_tree text, p_level text) returns text
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the condition that a source row s still has a parent in the source of duplication $1. $4 and $5 are
    --   p_lost and p_added, as in verify_level.
    -- Parameters: p_tree, p_level, not the root's.
    -- Returns: SQL text to append to a condition; null if an edge to the level is owned.
    select ' and (' || string_agg(_duplication.fill_sql(
        $sql$
($5 -> {'parent_level'} ? {parent_key} or not coalesce($4 -> {'parent_level'} ? {parent_key}, false) and exists (
    select from _duplication.id_map as x
    where x.run = (select _duplication.find_run_id($1, {'parent_level'})) and x.orig_key = {parent_key}
    offset 0
)){edge_filter}
$sql$,
        'parent_level', e.parent_level,
        'parent_key', _duplication.key_text('s', e.column_name),
        'edge_filter', ' and (' || e.row_filter || ')'
    ), ' or ' order by e.parent_level, e.column_name) || ')'
    from duplication.edges as e
    where e.tree = p_tree and e.level = p_level
    having bool_and(e.kind = 'below');
$$;

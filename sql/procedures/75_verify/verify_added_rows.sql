create or replace function _duplication.verify_added_rows(
    p_id bigint, p_edge duplication.edges, p_added jsonb
) returns table (orig_key text, new_key text, difference text, column_name text, detail text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: find source rows whose parents were added to the source after planning.
-- Parameters: p_id; p_edge, of kind below; p_added, the keys of these parents.
-- Returns: as verify, without the level. A planned row that was moved below such a parent is not returned.
declare
    v_level _duplication.resolved_level := _duplication.resolve_level(p_edge.tree, p_edge.level);
    v_statement text;
begin
    v_statement := _duplication.fill_sql(
        $sql$
select {key_text}, null::text, 'missing', null::text, 'it was added to the source after the copy was planned'
from jsonb_array_elements_text($3) as m (orig_key)
{edge_join}
where not exists (
    select from _duplication.id_map as x
    where x.run = (select _duplication.find_run_id($1, $2)) and x.orig_key = {key_text}
    -- fenced, for one look-up a row: as a join it was done by comparing each with each
    offset 0
)
$sql$,
        'key_text', _duplication.key_text('s', v_level.key_column),
        'edge_join', _duplication.edge_join(p_edge)
    );
    perform _duplication.use_tree_path(p_edge.tree);
    return query execute v_statement using p_id, p_edge.level, p_added;
end;
$$;

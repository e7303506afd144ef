create or replace function _duplication.plan_root_statement(p_tree text, p_root text) returns text
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the SQL that plans the root: one row of id_map, if the root exists. It returns the number of rows.
    -- Parameters: p_tree; p_root, its root level.
    -- Returns: SQL text; its parameters: the duplication, the root level, the root's key.
    -- Errors: those of resolve_level.
    select _duplication.fill_sql(
        $sql$
with planned as (
    insert into _duplication.id_map (number, orig_key, new_key)
    select r.first_number, $3, {new_key}
    from _duplication.level_runs as r
    where r.duplication_id = $1 and r.level = $2 and exists (
        select from {relation} as s where s.{"key"} = $3{key_cast}{filter}
    )
    returning 1
)

select count(*) from planned
$sql$,
        'new_key', l.new_key, 'relation', l.relation::text, 'key', l.key_column, 'key_cast', l.key_cast,
        'filter', l.filter_clause
    )
    from _duplication.resolve_level(p_tree, p_root) as l;
$$;

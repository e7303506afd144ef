create or replace function _duplication.describe_error(
    p_id bigint,
    p_level text,
    p_sqlstate text,
    p_message text,
    p_detail text,
    p_hint text,
    p_context text,
    p_schema text,
    p_table text,
    p_column text,
    p_constraint text
) returns jsonb
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: describe an error in the form that duplications.error keeps.
    -- Parameters: p_id and p_level, where the error was met; the others from GET STACKED DIAGNOSTICS, '' for none.
    -- Returns: an object. Its relation is the table that the error names, else the level's table.
    select jsonb_strip_nulls(jsonb_build_object(
        'level', p_level,
        'relation', quote_ident(t.schema_name) || '.' || quote_ident(t.table_name),
        'sqlstate', p_sqlstate,
        'message', p_message,
        'detail', nullif(p_detail, ''),
        'hint', nullif(p_hint, ''),
        'context', nullif(p_context, ''),
        'schema', t.schema_name,
        'table', t.table_name,
        'column', nullif(p_column, ''),
        'constraint', nullif(p_constraint, '')
    ))
    from (values (true)) as v (one_row)
    left join lateral (
        select p_schema as schema_name, p_table as table_name
        where p_table <> ''
        union all
        select n.nspname, c.relname
        from duplication.duplications as d
        inner join duplication.levels as l on l.tree = d.tree and l.name = coalesce((
            select r.backfills from _duplication.level_runs as r where r.duplication_id = p_id and r.level = p_level
        ), p_level)
        inner join pg_class as c on c.oid = to_regclass(l.relation)
        inner join pg_namespace as n on n.oid = c.relnamespace
        where d.id = p_id
        limit 1
    ) as t on true;
$$;

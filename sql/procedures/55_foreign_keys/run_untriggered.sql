create or replace function _duplication.run_untriggered(
    p_statement text,
    p_columns text[],
    p_search_path text,
    p_id bigint,
    p_first_number bigint,
    p_last_number bigint,
    out rows bigint,
    out keys text[]
)
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: run a copy's statement with triggers off, and collect what the rows refer to.
-- Parameters: p_statement; p_columns that refer to something, ready for SQL; the rest as in run_statement.
-- Returns: rows inserted; for each column its distinct keys, an array as text, null if there is none.
-- Errors: whatever the content's constraints raise. Does not commit.
declare
    -- names with their schema: an application may have its own array_agg() on the tree's path
    v_statement text := (
        select _duplication.fill_sql(
            $sql$
with copied as (
{statement}
returning {columns}
)

select pg_catalog.count(*), array[{keys}] from copied as c
$sql$,
            'statement', p_statement,
            'columns', string_agg(k.name || ' as k' || k.number, ', ' order by k.number),
            'keys', string_agg(
                _duplication.fill_sql(
                    '(pg_catalog.array_agg(distinct c.{key}) filter (where c.{key} is not null))::pg_catalog.text',
                    'key', 'k' || k.number
                ), ', ' order by k.number
            )
        )
        from unnest(p_columns) with ordinality as k (name, number)
    );
begin
    perform set_config('search_path', p_search_path, true);
    perform pg_catalog.set_config('session_replication_role', 'replica', true);
    execute v_statement into rows, keys using p_id, p_first_number, p_last_number;
    perform pg_catalog.set_config('session_replication_role', 'origin', true);
end;
$$;

create or replace function _duplication.run_copy(
    p_statement text,
    p_source text,
    p_search_path text,
    p_id bigint,
    p_first_number bigint,
    p_last_number bigint,
    out inserted bigint,
    out source_rows bigint
)
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
-- as in run_statement
set plan_cache_mode to auto
as $$
-- Purpose: run a copy's statement on a table that may drop rows, and count what there was to copy, in one snapshot.
-- Parameters: p_statement; p_source, its source_clause; the rest as in run_statement.
-- Returns: the rows inserted, and the rows found.
-- Errors: whatever the content's constraints and triggers raise. Does not commit.
begin
    perform set_config('search_path', p_search_path, true);
    execute _duplication.fill_sql(
        $sql$
with copied as (
{statement}
returning 1
)

select (select count(*) from copied), (select count(*) {source_clause})
$sql$,
        'statement', p_statement, 'source_clause', p_source
    ) into inserted, source_rows using p_id, p_first_number, p_last_number;
end;
$$;

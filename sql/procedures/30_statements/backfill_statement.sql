create or replace function _duplication.backfill_statement(
    p_tree text, p_level text, p_overrides jsonb, p_deferred text[]
) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the SQL that a batch of a backfill runs. It fills only deferred columns that are still null, so it may be
--   repeated. Its parameters are those of source_clause.
-- Parameters: p_tree, p_level; p_overrides as in level_columns; p_deferred, the columns.
-- Returns: one UPDATE.
-- Errors: those of resolve_level and source_clause.
declare
    v_level _duplication.resolved_level := _duplication.resolve_level(p_tree, p_level);
begin
    return (
        select _duplication.fill_sql(
            $sql$
update {relation} as c
set {assignments}
from (
    select m.new_key as "~key", {values}
    {source_clause}
    offset 0
) as v
where c.{"key"} = v."~key"{key_cast} and ({is_to_fill})
$sql$,
            'relation', v_level.relation::text,
            'assignments', string_agg(f.assignment, ', '),
            'values', string_agg(f.value, ', '),
            'source_clause', _duplication.source_clause(p_tree, p_level, 'rows'),
            'key', v_level.key_column, 'key_cast', v_level.key_cast,
            'is_to_fill', string_agg(f.is_to_fill, ' or ')
        )
        from _duplication.level_columns(p_tree, p_level, 'rows', p_overrides) as c
        cross join lateral (
            select
                _duplication.fill_sql('{"column"} = coalesce(c.{"column"}, v.{"column"})', 'column', c.column_name)
                as assignment,
                -- a column that has its value already is not looked up again
                _duplication.fill_sql(
                    $sql$
case when exists (
    select from {relation} as c where c.{"key"} = m.new_key{key_cast} and c.{"column"} is null offset 0
) then {expression} end as {"column"}
$sql$,
                    'relation', v_level.relation::text, 'key', v_level.key_column, 'key_cast', v_level.key_cast,
                    'expression', c.expression, 'column', c.column_name
                ) as value,
                _duplication.fill_sql('(c.{"column"} is null and v.{"column"} is not null)', 'column', c.column_name)
                as is_to_fill
        ) as f
        where c.column_name = any(p_deferred)
    );
end;
$$;

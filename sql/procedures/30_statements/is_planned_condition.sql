create or replace function _duplication.is_planned_condition(p_level text, p_key text) returns text
language plpgsql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the condition that a duplication has planned a source row and the row is not missing: one look-up by index.
-- Parameters: p_level; p_key of the row, as key_text writes it.
-- Returns: SQL text; $1 is the duplication.
begin
    return _duplication.fill_sql(
        $sql$
exists (
    select from _duplication.id_map as x
    where x.run = (select _duplication.find_run_id($1, {'level'})) and x.orig_key = {key} and not x.missing
    offset 0
)
$sql$,
        'level', p_level, 'key', p_key
    );
end;
$$;

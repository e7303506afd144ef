create or replace function _duplication.find_run_id(p_id bigint, p_level text) returns bigint
language plpgsql stable cost 1
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the run of a level: level_runs.id, which id_map.run refers to. Write it as
--   `(select _duplication.find_run_id(…))` in a statement, so that it is computed once and not for each row.
-- Parameters: p_id, p_level. Returns: null without a run.
begin
    return (select r.id from _duplication.level_runs as r where r.duplication_id = p_id and r.level = p_level);
end;
$$;

create or replace function _duplication.has_level(p_id bigint, p_level text) returns boolean
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: whether a duplication has a level: among its own once it has started, among those of its tree before.
-- Parameters: p_id, p_level.
begin
    if exists (select from _duplication.level_runs as r where r.duplication_id = p_id) then
        return exists (
            select from _duplication.level_runs as r where r.duplication_id = p_id and r.level = p_level
        );
    end if;
    return exists (
        select from duplication.levels as l
        where l.tree = (_duplication.find_duplication(p_id)).tree and l.name = p_level
    );
end;
$$;

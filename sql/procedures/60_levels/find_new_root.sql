create or replace function _duplication.find_new_root(p_run _duplication.level_runs) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: which row is the copy's root, once it is copied.
-- Parameters: p_run of a level that is copied.
-- Returns: the new root's key; null if the level is not the root's: an edge of the run leads to it.
begin
    return (
        select m.new_key
        from _duplication.id_map as m
        where m.number = p_run.first_number and p_run.backfills is null and not exists (
            select from _duplication.edge_runs as e
            where e.duplication_id = p_run.duplication_id and e.level = p_run.level and e.parent_level <> e.level
        )
    );
end;
$$;

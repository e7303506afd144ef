create or replace function _duplication.level_batch_rows(p_tree text, p_level text) returns integer
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: how many rows a level's first batch aims at: the level's own number, or that of the settings.
-- Parameters: p_tree, p_level.
begin
    return (
        select coalesce(
            (select l.batch_rows from duplication.levels as l where l.tree = p_tree and l.name = p_level), s.batch_rows
        )
        from duplication.settings as s
    );
end;
$$;

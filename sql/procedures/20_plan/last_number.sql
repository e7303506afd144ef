create or replace function duplication.last_number(p_id bigint, p_level text) returns bigint
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the last number that a level's plan has given. Parameters: p_id, p_level. Returns: 0 for none.
    select coalesce(max(m.number), 0)
    from duplication.id_map as m
    where m.duplication_id = p_id and m.level = p_level;
$$;

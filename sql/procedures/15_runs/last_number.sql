create or replace function _duplication.last_number(p_id bigint, p_level text) returns bigint
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the last number that a level's plan has used.
-- Parameters: p_id, p_level. Returns: the number before the run's first if none is used; null without a run.
begin
    return (
        select coalesce(m.number, r.first_number - 1)
        from _duplication.level_runs as r
        left join lateral (
            select m.number
            from _duplication.id_map as m
            where m.number >= r.first_number and m.number < _duplication.first_number(r.id + 1)
            order by m.number desc
            limit 1
        ) as m on true
        where r.duplication_id = p_id and r.level = p_level
    );
end;
$$;

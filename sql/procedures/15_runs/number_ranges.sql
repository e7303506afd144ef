create or replace function _duplication.number_ranges(
    p_id bigint, p_level text, p_rows integer
) returns table (first_number bigint, last_number bigint)
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: the numbers of a level's plan, cut into ranges.
    -- Parameters: p_id, p_level; p_rows, how many numbers a range has.
    -- Returns: a row per range.
    select first.number, least(first.number + p_rows - 1, last.number)
    from _duplication.level_runs as r
    cross join lateral _duplication.last_number(p_id, p_level) as last (number)
    cross join lateral generate_series(r.first_number, last.number, p_rows) as first (number)
    where r.duplication_id = p_id and r.level = p_level;
$$;

create or replace function _duplication.is_in_source_tree(p_id bigint, p_level text, p_key text) returns boolean
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: whether a row is below the root that a duplication copies, even if a filter or the plan leaves it out.
    -- Parameters: p_id; p_level and p_key of the row.
    -- Returns: true also for a row below a planned row. False if there is no such row.
    -- Errors: those of rows_above.
    with recursive above as (
        select p_level as level, p_key as key
        -- UNION ends the recursion in a circle of rows
        union
        select a.level, a.key
        from above as r
        cross join lateral _duplication.rows_above(p_id, r.level, r.key) as a
    )

    select exists (
        select from above as r
        where exists (
            select from _duplication.level_runs as l
            inner join _duplication.id_map as m on m.run = l.id
            where l.duplication_id = p_id and l.level = r.level and m.orig_key = r.key collate "C" and not m.missing
        )
    );
$$;

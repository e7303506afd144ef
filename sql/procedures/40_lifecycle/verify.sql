create or replace function duplication.verify(p_id bigint)
returns table (level text, orig_key text, new_key text, difference text, column_name text, detail text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: every difference between a copy and its source as both are now: rows missing, extra, doubled, moved or
--   different. Columns that a rule or an override changes are not compared.
-- Parameters: p_id, a duplication that has been copied, whole or in part.
-- Returns: a row per difference, none if the copy equals its source.
-- Errors: UD003, UD007.
-- Locks: none. Reads in ranges of the plan, a batch each.
declare
    v_duplication duplication.duplications := duplication.find_duplication(p_id);
    v_level record;
    v_parents bigint;
begin
    if v_duplication.status in ('pending', 'discarding', 'discarded') then
        perform duplication.refuse_status(v_duplication, 'verified');
    end if;
    for v_level in
        select o.level as name, r.*
        from duplication.copy_order(v_duplication.tree) as o
        cross join lateral duplication.resolve_level(v_duplication.tree, o.level) as r
        order by o.ordinal
    loop
        v_parents := duplication.last_number(p_id, v_level.parent_level);
        if v_level.mapped then
            return query
            select v_level.name, d.*
            from generate_series(1, duplication.last_number(p_id, v_level.name), v_level.batch_rows) as f (number)
            cross join lateral duplication.verify_planned_rows(
                p_id, v_level.name, f.number, f.number + v_level.batch_rows - 1
            ) as d;
            return query
            select v_level.name, d.*
            from generate_series(1, v_parents, v_level.batch_rows) as f (number)
            cross join lateral duplication.verify_unplanned_rows(
                p_id, v_level.name, f.number, f.number + v_level.batch_rows - 1
            ) as d;
        else
            return query
            select v_level.name, d.*
            from generate_series(1, v_parents, v_level.batch_rows / 10 + 1) as f (number)
            cross join lateral duplication.verify_children(
                p_id, v_level.name, f.number, f.number + v_level.batch_rows / 10
            ) as d;
        end if;
    end loop;
end;
$$;

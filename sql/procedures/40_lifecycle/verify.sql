create or replace function duplication.verify(p_id bigint)
returns table (level text, orig_key text, new_key text, difference text, column_name text, detail text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
-- a batch is over before a compiled plan would pay
set jit to off
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
begin
    if v_duplication.status in ('pending', 'discarding', 'discarded') then
        perform duplication.refuse_status(v_duplication, 'verified');
    end if;
    for v_level in
        select o.level as name, r.mapped, r.batch_rows, r.parent_level
        from duplication.copy_order(v_duplication.tree) as o
        cross join lateral duplication.resolve_level(v_duplication.tree, o.level) as r
        order by o.ordinal
    loop
        if v_level.mapped then
            return query
            select v_level.name, d.*
            from duplication.number_ranges(p_id, v_level.name, v_level.batch_rows) as n
            cross join lateral duplication.verify_planned_rows(p_id, v_level.name, n.first_number, n.last_number) as d;
            return query
            select v_level.name, d.*
            from duplication.number_ranges(p_id, v_level.parent_level, v_level.batch_rows) as n
            cross join lateral duplication.verify_unplanned_rows(p_id, v_level.name, n.first_number, n.last_number) as d;
        else
            return query
            select v_level.name, d.*
            from duplication.number_ranges(
                p_id, v_level.parent_level, duplication.piece_rows(v_level.batch_rows)
            ) as n
            cross join lateral duplication.verify_children(p_id, v_level.name, n.first_number, n.last_number) as d;
        end if;
    end loop;
end;
$$;

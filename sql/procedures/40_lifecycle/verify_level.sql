create or replace function duplication.verify_level(
    p_id bigint, p_level text, p_lost jsonb, p_added jsonb
) returns table (orig_key text, new_key text, difference text, column_name text, detail text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: compare one level with its source, in ranges of the plan.
-- Parameters: p_id, p_level; p_lost and p_added, level → keys of planned rows that are not in the source any more, and of
--   rows of the source that were not planned, for the levels above.
-- Returns: as verify, without the level; and 'gone' for planned rows that neither the source nor the copy has.
declare
    v_tree text := (duplication.find_duplication(p_id)).tree;
    v_level record;
    v_lost text[];
    v_added text[];
begin
    select r.* into v_level from duplication.resolve_level(v_tree, p_level) as r;
    v_lost := array(select k.key from jsonb_array_elements_text(p_lost -> v_level.parent_level) as k (key));
    v_added := array(select k.key from jsonb_array_elements_text(p_added -> v_level.parent_level) as k (key));
    if v_level.mapped then
        return query
        select d.*
        from duplication.number_ranges(p_id, p_level, v_level.batch_rows) as n
        cross join lateral duplication.verify_planned_rows(
            p_id, p_level, n.first_number, n.last_number, v_lost, v_added
        ) as d;
        return query
        select d.*
        from duplication.number_ranges(p_id, v_level.parent_level, v_level.batch_rows) as n
        cross join lateral duplication.verify_unplanned_rows(p_id, p_level, n.first_number, n.last_number, v_lost) as d;
    else
        return query
        select d.*
        from duplication.number_ranges(p_id, v_level.parent_level, duplication.piece_rows(v_level.batch_rows)) as n
        cross join lateral duplication.verify_children(p_id, p_level, n.first_number, n.last_number, v_lost) as d;
    end if;
    if cardinality(v_added) > 0 then
        return query select d.* from duplication.verify_added_rows(p_id, p_level, v_added) as d;
    end if;
end;
$$;

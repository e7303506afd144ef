create or replace function _duplication.verify_level(
    p_id bigint, p_level text, p_mapped boolean, p_lost jsonb, p_added jsonb
) returns table (orig_key text, new_key text, difference text, column_name text, detail text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: compare one level with its source, in ranges of the plan.
-- Parameters: p_id, p_level; p_mapped, whether the level is mapped; p_lost and p_added, for each level above, the keys
--   of planned rows that are not in the source any more, and of source rows that were not planned.
-- Returns: as verify, without the level; and the difference 'neither' for a planned row that is in neither of the two.
declare
    v_tree text := (_duplication.find_duplication(p_id)).tree;
    v_level _duplication.resolved_level := _duplication.resolve_level(v_tree, p_level);
    v_edge duplication.edges;
    v_carrier text;
begin
    if p_mapped then
        return query
        select d.*
        from _duplication.number_ranges(p_id, p_level, v_level.batch_rows) as n
        cross join lateral _duplication.verify_planned_rows(
            p_id, p_level, n.first_number, n.last_number, p_lost, p_added
        ) as d;
    end if;
    for v_edge in select e.* from duplication.edges as e where e.tree = v_tree and e.level = p_level loop
        v_carrier := _duplication.edge_carrier(v_tree, v_edge.parent_level);
        if p_mapped then
            return query
            select d.*
            from _duplication.number_ranges(p_id, v_carrier, v_level.batch_rows) as n
            cross join lateral _duplication.verify_unplanned_rows(
                p_id, v_edge, n.first_number, n.last_number, p_lost -> v_carrier
            ) as d;
        elsif v_level.key_column is null then
            return query
            select d.*
            from _duplication.number_ranges(p_id, v_carrier, _duplication.piece_rows(v_level.batch_rows)) as n
            cross join lateral _duplication.verify_keyless_rows(
                p_id, p_level, n.first_number, n.last_number, p_lost -> v_carrier
            ) as d;
        else
            return query
            select d.*
            from _duplication.number_ranges(p_id, v_carrier, _duplication.piece_rows(v_level.batch_rows)) as n
            cross join lateral _duplication.verify_children(
                p_id, p_level, n.first_number, n.last_number, p_lost -> v_carrier
            ) as d;
        end if;
        if v_edge.kind = 'below' and v_level.key_column is not null and p_added -> v_carrier <> '[]' then
            return query select d.* from _duplication.verify_added_rows(p_id, v_edge, p_added -> v_carrier) as d;
        end if;
    end loop;
end;
$$;

create or replace function _duplication.verify_planned_rows(
    p_id bigint,
    p_level text,
    p_first_number bigint,
    p_last_number bigint,
    p_lost jsonb,
    p_added jsonb
) returns table (orig_key text, new_key text, difference text, column_name text, detail text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: compare rows that were planned one by one with their originals, through the map.
-- Parameters: p_id, p_level; p_first_number to p_last_number in plan order; p_lost and p_added as in verify_level.
-- Returns: as verify, without the level; and 'neither' for rows that neither the source nor the copy has.
declare
    v_duplication duplication.duplications := _duplication.find_duplication(p_id);
    v_level record;
    v_statement text;
begin
    select r.* into v_level from _duplication.resolve_level(v_duplication.tree, p_level) as r;
    v_statement := format(
        $statement$
            with pairs as (
                select
                    m.number, m.orig_key, m.new_key, "~source" as source_row, "~copy" as copied_row,
                    "~source"."~is_there" is true as has_source, "~copy"."~is_there" is true as has_copy
                from (
                    select m.number, m.orig_key, m.new_key from _duplication.id_map as m
                    where m.number between $2 and $3
                    order by m.number
                ) as m
                left join lateral (
                    select true as "~is_there", s.*
                    from %1$s as s
                    where s.%2$I = m.orig_key%3$s%4$s%7$s
                    offset 0
                ) as "~source" on true
                left join lateral (
                    select true as "~is_there", c.* from %1$s as c where c.%2$I = m.new_key%3$s offset 0
                ) as "~copy" on true
            )

            select p.orig_key, p.new_key, 'missing', null::text, 'it is in the source and not in the copy'
            from pairs as p
            where p.has_source and not p.has_copy
            union all
            select p.orig_key, p.new_key, 'neither', null, null
            from pairs as p
            where not p.has_source and not p.has_copy
            union all
            select p.orig_key, p.new_key, 'extra', null, 'its original is not in the source any more'
            from pairs as p
            where p.has_copy and not p.has_source
            union all
            select m.orig_key, m.new_key, x.difference, x.column_name, x.detail
            from (select p.* from pairs as p where p.has_source and p.has_copy) as m
            cross join lateral (select (m.source_row).*) as s
            cross join lateral (select (m.copied_row).*) as c
            %5$s
            %6$s
        $statement$,
        v_level.relation, v_level.key_column, v_level.key_cast, v_level.filter_clause,
        _duplication.changed_columns_clause(
            v_duplication.tree, p_level, 'rows', case when v_level.is_root then v_duplication.options -> 'overrides' end
        ),
        case when v_level.orig_column is not null then format(
            'union all
            select p.orig_key, p.new_key, ''different'', %1$L, ''it does not name the original''
            from pairs as p
            where p.has_source and p.has_copy and (p.copied_row).%1$I::text collate "C" is distinct from p.orig_key',
            v_level.orig_column
        ) end,
        case when not v_level.is_root then _duplication.source_condition(v_duplication.tree, p_level) end
    );
    perform _duplication.use_tree_path(v_duplication.tree);
    return query execute v_statement using p_id, p_first_number, p_last_number, p_lost, p_added;
end;
$$;

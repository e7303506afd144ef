create or replace function duplication.skip_missing_rows(
    p_id bigint, p_level text, p_first_number bigint, p_last_number bigint
) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: mark planned rows that could not be copied as gone, so that everything below them is skipped as well.
-- Parameters: p_id, p_level; p_first_number to p_last_number in plan order.
-- Errors: UD004 if the source's root is lost; UD011 if a row was there to copy and is not in the copy.
-- Does not commit.
declare
    v_level record;
    v_missing record;
    v_rows bigint := 0;
    v_orphans bigint := 0;
    v_tree text := (select d.tree from duplication.duplications as d where d.id = p_id);
    v_statement text;
    -- printed here with its schema, as under the tree's path it might not be
    v_relation text;
begin
    select r.* into v_level from duplication.resolve_level(v_tree, p_level) as r;
    v_relation := v_level.relation;
    v_statement := format(
        $statement$
            select m.number, m.orig_key, m.new_key, s.parent_key, s.is_there
            from duplication.id_map as m
            left join lateral (
                select true as is_there, %s as parent_key from %s as s where s.%I = m.orig_key%s%s offset 0
            ) as s on true
            where m.number between $1 and $2 and not m.gone
                and not exists (select from %2$s as c where c.%3$I = m.new_key%4$s%6$s)
        $statement$,
        case when v_level.edge_column is null then 'null::text' else format('s.%I::text', v_level.edge_column) end,
        v_level.relation, v_level.key_column, v_level.key_cast,
        v_level.filter_clause,
        case when v_level.orig_column is not null then format(' and c.%I::text collate "C" = m.orig_key', v_level.orig_column) end
    );
    perform duplication.use_tree_path(v_tree);
    for v_missing in execute v_statement using p_first_number, p_last_number
    loop
        if v_missing.is_there and (
            v_level.parent_level is null or exists (
                select from duplication.id_map as p
                where p.duplication_id = p_id and p.level = v_level.parent_level
                    and p.orig_key = v_missing.parent_key and not p.gone
            )
        ) then
            raise exception using
                errcode = 'UD011',
                message = format(
                    '%s %s was to become %s, which is not in %s',
                    v_level.row_name, v_missing.orig_key, v_missing.new_key, v_relation
                ),
                hint = format(
                    'Look for a BEFORE INSERT trigger or a rule on %s that drops rows or assigns keys.', v_relation
                );
        end if;
        if v_level.parent_level is null then
            perform duplication.check_root(v_tree, v_missing.orig_key);
        end if;
        update duplication.id_map as m
        set gone = true
        where m.number = v_missing.number;
        v_rows := v_rows + 1;
        v_orphans := v_orphans + coalesce(v_missing.is_there, false)::integer;
    end loop;

    if v_orphans > 0 then
        perform duplication.emit_feedback(
            p_id, p_level, format('Missing %s mapping; skipping %s', (
                select l.row_name from duplication.levels as l where l.tree = v_tree and l.name = v_level.parent_level
            ), v_level.row_name), v_orphans
        );
    end if;
    if v_rows > v_orphans then
        perform duplication.emit_feedback(
            p_id, p_level, format('Original %1$s not found; skipping %1$s', v_level.row_name), v_rows - v_orphans
        );
    end if;
end;
$$;

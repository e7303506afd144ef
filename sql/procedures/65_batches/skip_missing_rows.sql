create or replace function _duplication.skip_missing_rows(
    p_id bigint, p_level text, p_first_number bigint, p_last_number bigint, p_are_copied boolean
) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: mark planned rows that cannot be copied as missing, so that everything below them is skipped as well.
-- Parameters: p_id, p_level; p_first_number to p_last_number in plan order; p_are_copied: true when the batch was inserted and
--   lacks rows; false before that, to look for rows that lost their parent, again and again until there are none.
-- Errors: UD004 if the source's root is lost; UD011 if a row was there to copy and is not in the copy.
-- Does not commit.
declare
    v_missing record;
    v_rows bigint := 0;
    v_orphans bigint := 0;
    v_found bigint;
    v_tree text := (_duplication.find_duplication(p_id)).tree;
    v_level _duplication.resolved_level := _duplication.resolve_level(v_tree, p_level);
    v_statement text;
    -- printed here, with its schema: under the tree's path the schema might be left out
    v_relation text := v_level.relation;
begin
    v_statement := _duplication.fill_sql(
        $sql$
with sources as (
    select m.number
    {source_clause}
)

-- by IN, which hashes the numbers; a join compared each number with each
select m.number, m.orig_key, m.new_key, m.number in (select s.number from sources as s) as was_there, exists (
    select from {relation} as s where s.{"key"} = m.orig_key{key_cast}{filter}
) as is_there
from _duplication.id_map as m
where m.number between $2 and $3 and not m.missing and {is_missing}
$sql$,
        'source_clause', _duplication.source_clause(v_tree, p_level, 'rows'),
        'relation', v_relation, 'key', v_level.key_column, 'key_cast', v_level.key_cast,
        'filter', v_level.filter_clause,
        'is_missing', case when p_are_copied
            then _duplication.fill_sql(
                'not exists (select from {relation} as c where c.{"key"} = m.new_key{key_cast}{names_its_original})',
                'relation', v_relation, 'key', v_level.key_column, 'key_cast', v_level.key_cast,
                'names_its_original', ' and ' || _duplication.key_text('c', v_level.orig_column) || ' = m.orig_key'
            )
            else 'm.number not in (select s.number from sources as s)'
        end
    );
    loop
        v_found := 0;
        perform _duplication.use_tree_path(v_tree);
        for v_missing in execute v_statement using p_id, p_first_number, p_last_number
        loop
            if v_missing.was_there then
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
            if v_level.is_root and v_missing.orig_key = (_duplication.find_duplication(p_id)).root_key then
                perform _duplication.check_root(_duplication.find_root(v_tree), v_missing.orig_key);
            end if;
            update _duplication.id_map as m
            set missing = true
            where m.number = v_missing.number;
            v_found := v_found + 1;
            v_orphans := v_orphans + v_missing.is_there::integer;
        end loop;
        v_rows := v_rows + v_found;
        exit when p_are_copied or v_found = 0;
    end loop;

    if v_orphans > 0 then
        perform _duplication.emit_feedback(
            p_id, p_level, format('Missing %s mapping; skipping %s', (
                select string_agg(distinct l.row_name, ' or ')
                from duplication.edges as e
                inner join duplication.levels as l on l.tree = e.tree and l.name = e.parent_level
                where e.tree = v_tree and e.level = p_level
            ), v_level.row_name), v_orphans
        );
    end if;
    if v_rows > v_orphans then
        perform _duplication.emit_feedback(
            p_id, p_level, format('Original %1$s not found; skipping %1$s', v_level.row_name), v_rows - v_orphans
        );
    end if;
end;
$$;

create or replace function _duplication.source_clause(p_tree text, p_level text, p_range_of text) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the FROM clause that finds the source rows of a batch by its plan. Its parameters: $1 the duplication, $2 and
--   $3 the first and last number of the batch in plan order. Its aliases: m the plan, s the source row, r1 … what its
--   references become (see reference_joins) and copy, what a rule's expression sees of the copy.
-- Parameters: p_tree, p_level; p_range_of of piece: 'rows', numbers of the level's own rows, or 'parents', numbers of their
--   parents, all of whose children are meant.
-- Returns: SQL text.
-- Errors: those of resolve_level; UD016 if p_range_of is unknown.
declare
    v_level record;
    v_by text;
begin
    select r.* into v_level from _duplication.resolve_level(p_tree, p_level) as r;
    case p_range_of
        when 'rows' then
            v_by := format('s.%I = m.orig_key%s%s', v_level.key_column, v_level.key_cast, v_level.filter_clause);
        when 'parents' then
            v_by := format(
                's.%I = m.orig_key%s%s%s', v_level.edge_column, v_level.parent_key_cast, v_level.filter_clause,
                v_level.edge_clause
            );
        else
            raise exception using
                errcode = 'UD016',
                message = format('pieces are not ranges of %L', p_range_of),
                hint = 'Ranges are of rows or of parents.';
    end case;
    -- ORDER BY and OFFSET 0 fence the subqueries, so the joins run outside in, each by its index, whatever the
    -- statistics say: a batch touches its own rows only.
    return format(
        $clause$from (
    select m.number, m.orig_key, m.new_key from _duplication.id_map as m
    where m.number between $2 and $3 and not m.missing
    order by m.number
) as m
cross join lateral (
    select s.* from %s as s
    where %s
    offset 0
) as s%s%s%s$clause$,
        v_level.relation, v_by, _duplication.reference_joins(p_tree, p_level, p_range_of),
        (
            select format(
                E'\ncross join lateral (select %s as new_key, $1 as duplication_id) as copy',
                case p_range_of when 'rows' then 'm.new_key' || v_level.key_cast else 'null' end
            )
            where exists (
                select from duplication.column_rules as r
                where r.tree = p_tree and coalesce(r.level, p_level) = p_level and r.expression ~ '\mcopy\.'
            )
        ),
        case when p_range_of = 'rows' then E'\nwhere ' || _duplication.reach_condition(p_tree, p_level) end
    );
end;
$$;

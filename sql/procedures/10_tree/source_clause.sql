create or replace function duplication.source_clause(p_tree text, p_level text, p_kind text) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the FROM clause that finds the source rows of a batch by its plan. Its parameters: $1 the duplication, $2 and
--   $3 the first and last number of the batch in plan order. Its aliases: m the plan, s the source row and, for 'rows',
--   p the parent's plan.
-- Parameters: p_tree, p_level; p_kind of piece: 'rows', numbers of the level's own rows, or 'parents', numbers of their
--   parents, all of whose children are meant.
-- Returns: SQL text.
-- Errors: those of resolve_level; UD016 if p_kind is unknown.
declare
    v_level record;
    v_by text;
    v_parent text;
begin
    select r.* into v_level from duplication.resolve_level(p_tree, p_level) as r;
    case p_kind
        when 'rows' then
            v_by := format('s.%I = m.orig_key%s', v_level.key_column, v_level.key_cast);
            if v_level.parent_level is not null then
                v_parent := format(
                    $clause$
cross join lateral (
    select p.new_key from duplication.id_map as p
    where p.duplication_id = $1 and p.level = %L and not p.gone
        and p.orig_key = s.%I::pg_catalog.text collate "C"
    offset 0
) as p$clause$,
                    v_level.parent_level, v_level.edge_column
                );
            end if;
        when 'parents' then
            v_by := format('s.%I = m.orig_key%s', v_level.edge_column, v_level.parent_key_cast);
        else
            raise exception using
                errcode = 'UD016',
                message = format('there is no kind of piece %L', p_kind),
                hint = 'Kinds: rows, parents.';
    end case;
    -- ORDER BY and OFFSET 0 fence the subqueries, so the joins run outside in, each by its index, whatever the
    -- statistics say: a batch touches its own rows only.
    return format(
        $clause$from (
    select m.number, m.orig_key, m.new_key from duplication.id_map as m
    where m.number between $2 and $3 and not m.gone
    order by m.number
) as m
cross join lateral (
    select s.* from %s as s
    where %s%s
    offset 0
) as s%s$clause$,
        v_level.relation, v_by, v_level.filter_clause, v_parent
    );
end;
$$;

create or replace function _duplication.edge_join(
    p_edge duplication.edges, p_key text default 'orig_key'
) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the part of a FROM clause that follows an edge from m, a row of the plan of its carrier (see edge_carrier), to
--   the rows it reaches, alias s. Fenced like source_clause.
-- Parameters: p_edge; p_key, the key of m to follow: orig_key in the source, new_key in the copy.
-- Returns: SQL text.
-- Errors: those of resolve_level.
declare
    v_level record;
    v_parent record;
    v_filter text := coalesce(' and (' || p_edge.row_filter || ')', '');
begin
    select r.* into v_level from _duplication.resolve_level(p_edge.tree, p_edge.level) as r;
    if p_edge.kind = 'below' then
        return format(
            $clause$cross join lateral (
    select s.* from %s as s where s.%I = m.%I%s%s%s offset 0
) as s$clause$,
            v_level.relation, p_edge.column_name, p_key, _duplication.key_cast(v_level.relation, p_edge.column_name),
            v_level.filter_clause, v_filter
        );
    end if;
    select r.* into v_parent from _duplication.resolve_level(p_edge.tree, p_edge.parent_level) as r;
    return format(
        $clause$cross join lateral (
    select s.%1$I::pg_catalog.text as owned_key from %2$s as s where s.%3$I = m.%4$I%5$s%6$s%7$s offset 0
) as o
cross join lateral (
    select s.* from %8$s as s where s.%9$I = o.owned_key%10$s%11$s offset 0
) as s$clause$,
        p_edge.column_name, v_parent.relation, coalesce(v_parent.key_column, v_parent.edge_column), p_key,
        coalesce(v_parent.key_cast, v_parent.parent_key_cast),
        v_parent.filter_clause || case when v_parent.key_column is null then v_parent.edge_clause else '' end, v_filter,
        v_level.relation, v_level.key_column, v_level.key_cast, v_level.filter_clause
    );
end;
$$;

create or replace function _duplication.rows_above(p_id bigint, p_level text, p_key text)
returns table (level text, key text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: the rows that a source row hangs below, by any edge; filters of levels leave none out.
-- Parameters: p_id, whose tree; p_level and p_key of the row.
-- Returns: a row per edge that names one.
-- Errors: those of resolve_level.
declare
    v_tree text := (_duplication.find_duplication(p_id)).tree;
    v_level record;
    v_statements text[];
    v_statement text;
begin
    select r.* into v_level from _duplication.resolve_level(v_tree, p_level) as r;
    v_statements := array(
        select case e.kind
            when 'below' then format(
                'select %L, s.%I::pg_catalog.text from %s as s where s.%I = $1%s and s.%2$I is not null%6$s',
                e.parent_level, e.column_name, v_level.relation, v_level.key_column, v_level.key_cast, f.clause
            )
            else format(
                'select %L, s.%I::pg_catalog.text from %s as s '
                'where s.%I = $1%s%s and exists (select from %s as s where s.%I = $1%s)',
                _duplication.edge_carrier(v_tree, e.parent_level), coalesce(p.key_column, p.edge_column), p.relation,
                e.column_name, _duplication.key_cast(p.relation, e.column_name), f.clause,
                v_level.relation, v_level.key_column, v_level.key_cast
            )
        end
        from duplication.edges as e
        cross join lateral _duplication.resolve_level(v_tree, e.parent_level) as p
        cross join lateral (select coalesce(' and (' || e.row_filter || ')', '') as clause) as f
        where e.tree = v_tree and e.level = p_level
    );
    perform _duplication.use_tree_path(v_tree);
    foreach v_statement in array v_statements loop
        return query execute v_statement using p_key;
    end loop;
end;
$$;

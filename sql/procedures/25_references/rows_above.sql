create or replace function _duplication.rows_above(p_id bigint, p_level text, p_key text)
returns table (level text, key text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: the rows directly above a source row, by any edge. The filters of levels leave none out.
-- Parameters: p_id, whose tree is meant; p_level and p_key of the row.
-- Returns: a row per edge that leads to a row above.
-- Errors: those of resolve_level.
declare
    v_tree text := (_duplication.find_duplication(p_id)).tree;
    v_level _duplication.resolved_level := _duplication.resolve_level(v_tree, p_level);
    v_statements text[];
    v_statement text;
begin
    v_statements := array(
        select case e.kind
            when 'below' then _duplication.fill_sql(
                $sql$
select {'parent_level'}, {parent_key} from {relation} as s
where s.{"key"} = $1{key_cast}{edge_filter} and s.{"column"} is not null
$sql$,
                'parent_level', e.parent_level,
                'parent_key', _duplication.key_text('s', e.column_name),
                'relation', v_level.relation::text, 'key', v_level.key_column, 'key_cast', v_level.key_cast,
                'edge_filter', ' and (' || e.row_filter || ')',
                'column', e.column_name
            )
            else _duplication.fill_sql(
                $sql$
select {'owner_level'}, {owner_key} from {owners} as s
where s.{"column"} = $1{column_cast}{edge_filter}
    and exists (select from {relation} as s where s.{"key"} = $1{key_cast})
$sql$,
                'owner_level', _duplication.edge_carrier(v_tree, e.parent_level),
                'owner_key', _duplication.key_text('s', coalesce(p.key_column, p.edge_column)),
                'owners', p.relation::text, 'column', e.column_name,
                'column_cast', _duplication.key_cast(p.relation, e.column_name),
                'edge_filter', ' and (' || e.row_filter || ')',
                'relation', v_level.relation::text, 'key', v_level.key_column, 'key_cast', v_level.key_cast
            )
        end
        from duplication.edges as e
        cross join lateral _duplication.resolve_level(v_tree, e.parent_level) as p
        where e.tree = v_tree and e.level = p_level
    );
    perform _duplication.use_tree_path(v_tree);
    foreach v_statement in array v_statements loop
        return query execute v_statement using p_key;
    end loop;
end;
$$;

create or replace function _duplication.resolve_level(p_tree text, p_level text) returns _duplication.resolved_level
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: a level with its names resolved in the catalog, and with what follows from its declaration.
-- Parameters: p_tree, p_level.
-- Returns: the level; the comments of the type explain the fields.
-- Errors: UD001, UD002; UD010 where the declaration does not fit the catalog.
declare
    v_declared duplication.levels;
    v_edge record;
    v_level _duplication.resolved_level;
begin
    select l.* into v_declared from duplication.levels as l where l.tree = p_tree and l.name = p_level;
    if not found and not exists (select from duplication.trees as t where t.name = p_tree) then
        raise exception using
            errcode = 'UD001',
            message = format('there is no tree %L', p_tree),
            hint = (select 'Known trees: ' || string_agg(t.name, ', ' order by t.name) from duplication.trees as t) || '.';
    elsif v_declared.name is null then
        raise exception using
            errcode = 'UD002',
            message = format('tree %s has no level %L', p_tree, p_level),
            hint = format('Its levels: %s.', (
                select string_agg(l.name, ', ' order by l.name) from duplication.levels as l where l.tree = p_tree
            ));
    end if;
    v_level.name := p_level;
    v_level.row_name := v_declared.row_name;
    v_level.relation := _duplication.resolve_relation(v_declared.relation);
    v_level.key_column := v_declared.key_column;
    v_level.orig_column := v_declared.orig_column;
    v_level.filter_clause := coalesce(' and (' || v_declared.row_filter || ')', '');
    if v_level.key_column is not null then
        v_level.key_cast := _duplication.key_cast(v_level.relation, v_level.key_column);
        v_level.new_key := coalesce(v_declared.new_key, _duplication.key_default(v_level.relation, v_level.key_column));
    end if;
    v_level.batch_rows := coalesce(v_declared.batch_rows, (select s.batch_rows from duplication.settings as s));

    select
        count(*) as edges, count(*) filter (where e.parent_level <> e.level) as edges_from_others,
        min(e.kind) as kind, min(e.parent_level) as parent_level, min(e.column_name) as column_name,
        min(e.row_filter) as row_filter
    into v_edge
    from duplication.edges as e
    where e.tree = p_tree and e.level = p_level;
    v_level.is_root := v_edge.edges_from_others = 0;
    if v_edge.edges = 1 and v_edge.kind = 'below' then
        v_level.parent_level := v_edge.parent_level;
        v_level.edge_column := v_edge.column_name;
        -- the type and collation of the edge's own column, so that its index is used
        v_level.parent_key_cast := _duplication.key_cast(v_level.relation, v_level.edge_column);
        v_level.edge_clause := coalesce(' and (' || v_edge.row_filter || ')', '');
    end if;
    return v_level;
end;
$$;

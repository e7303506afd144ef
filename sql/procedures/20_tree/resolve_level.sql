create or replace function _duplication.resolve_level(
    p_tree text,
    p_level text,
    out relation regclass,
    out row_name text,
    out key_column text,
    out key_cast text,
    out new_key text,
    out filter_clause text,
    out orig_column text,
    out batch_rows integer,
    out is_root boolean,
    out parent_level text,
    out edge_column text,
    out parent_key_cast text,
    out edge_clause text
)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: a level as the catalog has it now: its names resolved, what is declared joined with what is derived.
-- Parameters: p_tree, p_level.
-- Returns: one row. new_key is the SQL expression for the next key (null: none can be had); filter_clause is ready to be
--   appended to a condition; the last four are of the only edge, null unless there is one alone and it is below: a level
--   without a map has one; edge_clause is the edge's filter, as filter_clause. key_cast: see key_cast().
-- Errors: UD001, UD002; UD010 where the declaration does not fit the catalog.
declare
    v_level duplication.levels;
    v_edge record;
begin
    select l.* into v_level from duplication.levels as l where l.tree = p_tree and l.name = p_level;
    if not found and not exists (select from duplication.trees as t where t.name = p_tree) then
        raise exception using
            errcode = 'UD001',
            message = format('there is no tree %L', p_tree),
            hint = (select 'Known trees: ' || string_agg(t.name, ', ' order by t.name) from duplication.trees as t) || '.';
    elsif v_level.name is null then
        raise exception using
            errcode = 'UD002',
            message = format('tree %s has no level %L', p_tree, p_level),
            hint = format('Its levels: %s.', (
                select string_agg(l.name, ', ' order by l.name) from duplication.levels as l where l.tree = p_tree
            ));
    end if;
    row_name := v_level.row_name;
    relation := _duplication.resolve_relation(v_level.relation);
    key_column := v_level.key_column;
    orig_column := v_level.orig_column;
    filter_clause := coalesce(' and (' || v_level.row_filter || ')', '');
    if key_column is not null then
        key_cast := _duplication.key_cast(relation, key_column);
        new_key := coalesce(v_level.new_key, _duplication.key_default(relation, key_column));
    end if;
    batch_rows := coalesce(v_level.batch_rows, (select s.batch_rows from duplication.settings as s));

    select
        count(*) as edges, count(*) filter (where e.parent_level <> e.level) as edges_from_others,
        min(e.kind) as kind, min(e.parent_level) as parent_level, min(e.column_name) as column_name,
        min(e.row_filter) as row_filter
    into v_edge
    from duplication.edges as e
    where e.tree = p_tree and e.level = p_level;
    is_root := v_edge.edges_from_others = 0;
    if v_edge.edges = 1 and v_edge.kind = 'below' then
        parent_level := v_edge.parent_level;
        edge_column := v_edge.column_name;
        -- in the type and collation of the column itself, which its index has
        parent_key_cast := _duplication.key_cast(relation, edge_column);
        edge_clause := coalesce(' and (' || v_edge.row_filter || ')', '');
    end if;
end;
$$;

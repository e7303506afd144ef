create or replace function _duplication.check_root(p_root duplication.levels, p_key text) returns void
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: make sure that the root to copy exists.
-- Parameters: p_root, a tree's root level; p_key, from canonical_key.
-- Errors: UD004; UD010 if there is no such table.
declare
    v_relation text := _duplication.resolve_relation(p_root.relation);
    v_statement text := _duplication.fill_sql(
        'select exists (select from {relation} as s where s.{"key"} = $1{key_cast}{filter})',
        'relation', v_relation, 'key', p_root.key_column,
        'key_cast', _duplication.key_cast(v_relation::regclass, p_root.key_column),
        'filter', ' and (' || p_root.row_filter || ')'
    );
    v_found boolean;
begin
    perform _duplication.use_tree_path(p_root.tree);
    execute v_statement into v_found using p_key;
    if not v_found then
        raise exception using
            errcode = 'UD004',
            message = format('original %s %s does not exist', p_root.row_name, p_key),
            detail = format('There is no such row in %s, or the level''s filter leaves it out.', v_relation),
            hint = 'Check the key. A row that another transaction has not committed cannot be seen.';
    end if;
end;
$$;

create or replace function duplication.check_root(p_tree text, p_key text) returns void
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: make sure that the row to copy is there.
-- Parameters: p_tree; p_key, canonical.
-- Errors: UD004; those of resolve_level.
declare
    v_level record;
    v_found boolean;
    v_statement text;
    v_relation text;
begin
    select r.* into v_level from duplication.resolve_level(p_tree, duplication.root_level(p_tree)) as r;
    v_relation := v_level.relation;
    v_statement := format(
        'select exists (select from %s as s where s.%I = $1%s%s)',
        v_level.relation, v_level.key_column, v_level.key_cast, v_level.filter_clause
    );
    perform duplication.use_tree_path(p_tree);
    execute v_statement into v_found using p_key;
    if not v_found then
        raise exception using
            errcode = 'UD004',
            message = format('original %s %s does not exist', v_level.row_name, p_key),
            detail = format('There is no such row in %s, or the level''s filter leaves it out.', v_relation),
            hint = 'Check the key. A row that another transaction has not committed cannot be seen.';
    end if;
end;
$$;

create or replace function duplication.canonical_key(p_tree text, p_key text) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: a root's key as its type writes it: '042' is '42'.
-- Parameters: p_tree, p_key.
-- Returns: the key, as text.
-- Errors: UD001; UD005 if p_key is not of the key's type; UD010.
declare
    v_level record;
    v_key text;
begin
    select r.* into v_level from duplication.resolve_level(p_tree, duplication.root_level(p_tree)) as r;
    if v_level.key_column is null then
        raise exception using
            errcode = 'UD010',
            message = format('the root of tree %s, %s, has no key column', p_tree, v_level.relation),
            hint = 'Name it in duplication.levels.key_column.';
    end if;
    begin
        execute format('select ($1%s)::pg_catalog.text', v_level.key_cast) into v_key using p_key;
    exception when data_exception then
        v_key := null;
    end;
    if v_key is null then
        raise exception using
            errcode = 'UD005',
            message = format('%s is not a key of %s', coalesce(quote_literal(p_key), 'null'), v_level.relation),
            hint = format('Column %I is of type %s.', v_level.key_column, (
                select format_type(a.atttypid, a.atttypmod)
                from pg_attribute as a
                where a.attrelid = v_level.relation and a.attname = v_level.key_column
            ));
    end if;
    return v_key;
end;
$$;

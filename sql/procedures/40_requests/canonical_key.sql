create or replace function _duplication.canonical_key(p_root duplication.levels, p_key text) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: a root's key in the form that its type writes: '042' becomes '42'.
-- Parameters: p_root, a tree's root level; p_key.
-- Returns: the key, as text.
-- Errors: UD005 if p_key is not of the key's type; UD010 if there is no such table, or no key is declared.
declare
    v_relation regclass := _duplication.resolve_relation(p_root.relation);
    v_key text;
begin
    if p_root.key_column is null then
        raise exception using
            errcode = 'UD010',
            message = format('the root of tree %s, %s, has no key column', p_root.tree, v_relation),
            hint = 'Name it in duplication.levels.key_column.';
    end if;
    begin
        -- put together by hand: every copy, however small, comes by here
        execute concat(
            'select ', _duplication.key_text('k', 'key'), ' from (select $1',
            _duplication.key_cast(v_relation, p_root.key_column), ' as key) as k'
        ) into v_key using p_key;
    exception when data_exception then
        v_key := null;
    end;
    if v_key is null then
        raise exception using
            errcode = 'UD005',
            message = format('%s is not a key of %s', coalesce(quote_literal(p_key), 'null'), v_relation),
            hint = format('Column %I is of type %s.', p_root.key_column, (
                select format_type(a.atttypid, a.atttypmod)
                from pg_attribute as a
                where a.attrelid = v_relation and a.attname = p_root.key_column
            ));
    end if;
    return v_key;
end;
$$;

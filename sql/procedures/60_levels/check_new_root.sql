create or replace function _duplication.check_new_root(p_duplication duplication.duplications) returns void
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: make sure that the copy's root is there before anything is hung below it.
-- Parameters: p_duplication.
-- Errors: UD009.
declare
    v_level _duplication.resolved_level := _duplication.resolve_level(
        p_duplication.tree, _duplication.root_level(p_duplication.tree)
    );
    v_found boolean;
begin
    execute _duplication.fill_sql(
        'select exists (select from {relation} as c where c.{"key"} = $1{key_cast})',
        'relation', v_level.relation::text, 'key', v_level.key_column, 'key_cast', v_level.key_cast
    ) into v_found using p_duplication.new_root_key;
    if not v_found then
        raise exception using
            errcode = 'UD009',
            message = format(
                'new %s %s of duplication %s is missing',
                v_level.row_name, coalesce(p_duplication.new_root_key, '(without a key)'), p_duplication.id
            ),
            detail = format('It was copied and is not in %s any more.', v_level.relation),
            hint = format(
                'Remove the rest with: call duplication.discard(%s), and request a new duplication.', p_duplication.id
            );
    end if;
end;
$$;

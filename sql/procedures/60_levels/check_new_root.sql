create or replace function _duplication.check_new_root(p_duplication duplication.duplications) returns void
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: make sure that the copy's root is there before anything is hung below it.
-- Parameters: p_duplication.
-- Errors: UD009.
declare
    v_level record;
    v_found boolean;
begin
    select r.* into v_level
    from _duplication.resolve_level(p_duplication.tree, _duplication.root_level(p_duplication.tree)) as r;
    execute format(
        'select exists (select from %s as c where c.%I = $1%s)', v_level.relation, v_level.key_column, v_level.key_cast
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

create or replace function _duplication.find_duplication(p_id bigint) returns duplication.duplications
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: a duplication by its id.
-- Parameters: p_id. Returns: its row.
-- Errors: UD003.
declare
    v_duplication duplication.duplications;
begin
    select d.* into v_duplication from duplication.duplications as d where d.id = p_id;
    if not found then
        raise exception using
            errcode = 'UD003',
            message = format('there is no duplication %s', coalesce(p_id::text, 'null')),
            hint = 'See them with: select id, tree, root_key, status from duplication.duplications.';
    end if;
    return v_duplication;
end;
$$;

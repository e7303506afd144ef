create or replace function _duplication.allows_null(p_type oid) returns boolean
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: whether a domain may be null.
-- Parameters: p_type, a domain.
begin
    execute format('select null::%s', format_type(p_type, null));
    return true;
exception when integrity_constraint_violation then
    return false;
end;
$$;

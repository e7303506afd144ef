create or replace function duplication.resolve_relation(p_name text) returns regclass
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the table that a level names.
-- Parameters: p_name, with its schema and quoted as in SQL.
-- Errors: UD010 if there is no such table.
declare
    v_relation regclass;
begin
    begin
        v_relation := to_regclass(p_name);
    exception when syntax_error or invalid_name then
        v_relation := null;
    end;
    if v_relation is null or not exists (
        select from pg_class as c where c.oid = v_relation and c.relkind in ('r', 'p')
    ) then
        raise exception using
            errcode = 'UD010',
            message = format('there is no table %s', p_name),
            hint = 'Create it, or correct duplication.levels.relation (with its schema, quoted where SQL needs it).';
    end if;
    return v_relation;
end;
$$;

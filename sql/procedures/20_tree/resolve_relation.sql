create or replace function _duplication.resolve_relation(p_name text) returns regclass
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the table that a level names.
-- Parameters: p_name, with its schema and quoted as in SQL.
-- Errors: UD010 if there is no such table, or it cannot be copied because of its kind.
declare
    v_relation regclass;
    v_problem text;
    v_hint text;
begin
    begin
        v_relation := to_regclass(p_name);
    exception when syntax_error or invalid_name then
        v_relation := null;
    end;
    select
        case c.relkind when 'f' then '%s is a foreign table' when 'r' then null when 'p' then null
            else '%s is not a table' end,
        case c.relkind when 'f' then 'Its server commits by itself, so a batch could be lost or doubled there.'
            else 'Name the table that its rows are in.' end
    into v_problem, v_hint
    from pg_class as c
    where c.oid = v_relation;
    if not found then
        v_problem := 'there is no table %s';
        v_hint := 'Create it, or correct duplication.levels.relation (with its schema, quoted where SQL needs it).';
    end if;
    if v_problem is not null then
        raise exception using errcode = 'UD010', message = format(v_problem, p_name), hint = v_hint;
    end if;
    return v_relation;
end;
$$;

create or replace function _duplication.fill_sql(p_template text, variadic p_values text[]) returns text
language plpgsql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: fill a template of SQL. The template shows where each value goes, and in which form:
--   {name}    SQL, unchanged; null puts in nothing, and a line with nothing else on it is left out
--   {"name"}  an identifier, quoted if needed
--   {'name'}  a literal; null puts in NULL
--   Values are not searched for holes. Names have small letters, digits and underscores; other braces are SQL's own.
-- Parameters: p_template; p_values: the name of a hole, its value, the next name … A name may have several holes.
-- Returns: the SQL, without line breaks at its beginning and end.
-- Errors: XX000 for a mistake of the caller: a hole without a value, a value without a hole, null for an identifier.
declare
    -- the template for format(), which puts in all values in one pass
    v_format text := replace(p_template, '%', '%%');
    v_name text;
    v_filled text;
    v_problem text;
begin
    for v_nr in 1 .. cardinality(p_values) by 2 loop
        v_name := p_values[v_nr];
        v_filled := v_format;
        if p_values[v_nr + 1] is null then
            if strpos(v_format, '{"' || v_name || '"}') > 0 then
                v_problem := format('the identifier {"%s"} is null', v_name);
            end if;
            v_filled := regexp_replace(v_format, '\n *\{' || v_name || '\}(?=\n)', '', 'g');
        end if;
        v_filled := replace(v_filled, '{' || v_name || '}', '%' || v_nr + 1 || '$s');
        v_filled := replace(v_filled, '{"' || v_name || '"}', '%' || v_nr + 1 || '$I');
        v_filled := replace(v_filled, '{''' || v_name || '''}', '%' || v_nr + 1 || '$L');
        if (v_filled = v_format) is not false or v_name = '' or v_nr = cardinality(p_values) then
            v_problem := format('the value %L has no hole, or the hole no value', v_name);
        end if;
        exit when v_problem is not null;
        v_format := v_filled;
    end loop;
    v_problem := coalesce(
        v_problem, 'the hole ' || substring(v_format from '\{["'']?[a-z][a-z0-9_]*["'']?\}') || ' has no value'
    );
    if v_problem is not null then
        raise exception using
            errcode = 'internal_error',
            message = v_problem,
            detail = format('The template: %s', p_template);
    end if;
    return btrim(format(v_format, variadic p_values), E'\n');
end;
$$;

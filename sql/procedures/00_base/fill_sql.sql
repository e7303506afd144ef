create or replace function _duplication.fill_sql(p_template text, variadic p_values text[]) returns text
language plpgsql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: SQL made of a template. The template shows what goes where, and as what:
--   {name}    SQL, as it is; null puts in nothing, and a line of nothing else is left out
--   {"name"}  an identifier, quoted where it has to be
--   {'name'}  a literal; null puts in NULL
--   A value is never searched for holes. Names are of small letters, digits and underscores; other braces are SQL's own.
-- Parameters: p_template; p_values: the name of a hole, its value, the next name … A name may have several holes.
-- Returns: the SQL, without the line breaks around it.
-- Errors: XX000, a mistake of the caller: a hole without a value, a value without a hole, null for an identifier.
declare
    -- in the place of a hole for which there is no SQL
    v_nothing constant text := E'\x01';
    -- what format() is given at the end: it puts the values in, all in one pass
    v_format text := replace(p_template, '%', '%%');
    v_filled text;
    v_name text;
    v_problem text;
begin
    for v_nr in 1 .. cardinality(p_values) by 2 loop
        v_name := p_values[v_nr];
        v_filled := replace(replace(replace(
            v_format,
            '{' || v_name || '}', case when p_values[v_nr + 1] is null then v_nothing else '%' || v_nr + 1 || '$s' end),
            '{"' || v_name || '"}', '%' || v_nr + 1 || '$I'),
            '{''' || v_name || '''}', '%' || v_nr + 1 || '$L'
        );
        if (v_filled = v_format) is not false or v_name = '' or v_nr = cardinality(p_values) then
            v_problem := format('the value %L has no hole, or the hole no value', v_name);
        elsif p_values[v_nr + 1] is null and strpos(v_format, '{"' || v_name || '"}') > 0 then
            v_problem := format('the identifier {"%s"} is null', v_name);
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
    if strpos(v_format, v_nothing) > 0 then
        v_format := replace(regexp_replace(v_format, '\n *\x01(?=\n)', '', 'g'), v_nothing, '');
    end if;
    return btrim(format(v_format, variadic p_values), E'\n');
end;
$$;

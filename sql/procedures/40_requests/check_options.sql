create or replace function _duplication.check_options(p_tree text, p_options jsonb) returns void
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: refuse options that would be ignored or would fail later.
-- Parameters: p_tree; p_options as in request_duplication.
-- Errors: UD016.
declare
    v_level _duplication.resolved_level;
    v_problem text;
begin
    select case
        when jsonb_typeof(p_options) is distinct from 'object' then 'the options are not an object'
        when jsonb_typeof(p_options -> 'idempotency_key') <> 'string' then 'idempotency_key is not a string'
        when length(p_options ->> 'idempotency_key') > 255 then 'idempotency_key is longer than 255 characters'
        when jsonb_typeof(p_options -> 'trace') <> 'object' then 'trace is not an object'
        when jsonb_typeof(p_options -> 'overrides') <> 'object' then 'overrides are not an object'
    end into v_problem;
    if v_problem is null then
        select format('there is no option %L', o.name) into v_problem
        from jsonb_object_keys(p_options) as o (name)
        where o.name not in ('idempotency_key', 'trace', 'overrides')
        limit 1;
    end if;
    if v_problem is null and p_options ? 'overrides' then
        v_level := _duplication.resolve_level(p_tree, _duplication.root_level(p_tree));
        select format('column %I of %s cannot be overridden', o.name, v_level.relation) into v_problem
        from jsonb_object_keys(p_options -> 'overrides') as o (name)
        where o.name in (v_level.key_column, v_level.orig_column) or not exists (
            select from pg_attribute as a
            where a.attrelid = v_level.relation and a.attname = o.name and a.attnum > 0
                and not a.attisdropped and a.attgenerated = ''
        )
        limit 1;
        if v_problem is null then
            select format('column %I of %s may not be null', a.attname, v_level.relation) into v_problem
            from pg_attribute as a
            where a.attrelid = v_level.relation and a.attnotnull
                and jsonb_typeof(p_options -> 'overrides' -> a.attname::text) = 'null'
            limit 1;
        end if;
        if v_problem is null and p_options -> 'overrides' <> '{}' then
            begin
                execute (
                    select _duplication.fill_sql(
                        'select from pg_catalog.jsonb_to_record($1) as o ({columns})',
                        'columns',
                        string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod), ', ')
                    )
                    from jsonb_object_keys(p_options -> 'overrides') as o (name)
                    inner join pg_attribute as a on a.attrelid = v_level.relation and a.attname = o.name
                ) using p_options -> 'overrides';
            exception when data_exception or integrity_constraint_violation then
                v_problem := 'overrides: ' || sqlerrm;
            end;
        end if;
    end if;
    if v_problem is not null then
        raise exception using
            errcode = 'UD016',
            message = v_problem,
            hint = 'Options: idempotency_key (a string), overrides (columns of the new root), trace (an object).';
    end if;
end;
$$;

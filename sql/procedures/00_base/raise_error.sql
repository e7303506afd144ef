create or replace function _duplication.raise_error(p_error jsonb) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: raise a described error again. RAISE cannot set the original CONTEXT, but duplications.error keeps it.
-- Parameters: p_error, as describe_error returns it.
-- Errors: always, with the SQLSTATE of p_error.
begin
    raise exception using
        errcode = p_error ->> 'sqlstate',
        message = p_error ->> 'message',
        detail = concat_ws(E'\n', p_error ->> 'detail', format('At level %s.', p_error ->> 'level')),
        -- RAISE refuses null
        hint = coalesce(p_error ->> 'hint', case _duplication.classify_error(p_error ->> 'sqlstate')
            when 'transient' then 'Call again: what was copied is kept.'
            else 'Mend the cause, then retry the duplication: what was copied is kept.'
        end),
        schema = coalesce(p_error ->> 'schema', ''),
        table = coalesce(p_error ->> 'table', ''),
        column = coalesce(p_error ->> 'column', ''),
        constraint = coalesce(p_error ->> 'constraint', '');
end;
$$;

create or replace function duplication.copy_statement(
    p_tree text, p_level text, p_kind text default null, p_overrides jsonb default '{}'
) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the very SQL that a batch of a level runs; its parameters are those of source_clause.
-- Parameters: p_tree, p_level; p_kind of the batch's pieces, 'rows' or 'parents' (default: what the level is planned by);
--   p_overrides as in level_columns.
-- Returns: one INSERT … SELECT.
-- Errors: those of resolve_level and source_clause.
declare
    v_level record;
    v_kind text;
begin
    select r.* into v_level from duplication.resolve_level(p_tree, p_level) as r;
    v_kind := coalesce(p_kind, case when v_level.mapped then 'rows' else 'parents' end);
    return (
        select format(
            E'insert into %s (\n    %s\n) overriding system value\nselect\n    %s\n%s',
            v_level.relation,
            string_agg(quote_ident(c.column_name), ', '),
            string_agg(c.expression, ', '),
            duplication.source_clause(p_tree, p_level, v_kind)
        )
        from duplication.level_columns(p_tree, p_level, v_kind, p_overrides) as c
    );
end;
$$;

create or replace function duplication.copy_statement(
    p_tree text,
    p_level text,
    p_kind text default null,
    p_overrides jsonb default '{}',
    p_late text[] default null
) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the very SQL that a batch of a level runs; its parameters are those of source_clause.
-- Parameters: p_tree, p_level; p_kind of the batch's pieces, 'rows' or 'parents' (default: what the level is planned by);
--   p_overrides as in level_columns; p_late, columns that the relink is to fill (default: as copy_order has them).
-- Returns: one INSERT … SELECT.
-- Errors: those of resolve_level, copy_order and source_clause.
declare
    v_level record;
    v_order record;
begin
    select r.* into v_level from duplication.resolve_level(p_tree, p_level) as r;
    if p_kind is null or p_late is null then
        select o.mapped, o.late_columns into v_order from duplication.copy_order(p_tree) as o where o.level = p_level;
        p_kind := coalesce(p_kind, case when v_order.mapped then 'rows' else 'parents' end);
        p_late := coalesce(p_late, v_order.late_columns, '{}');
    end if;
    return (
        select format(
            E'insert into %s (\n    %s\n) overriding system value\nselect\n    %s\n%s',
            v_level.relation,
            string_agg(quote_ident(c.column_name), ', '),
            string_agg(c.expression, ', '),
            duplication.source_clause(p_tree, p_level, p_kind)
        )
        from duplication.level_columns(p_tree, p_level, p_kind, p_overrides, p_late) as c
    );
end;
$$;

create or replace function duplication.copy_statement(
    p_tree text,
    p_level text,
    p_range_of text default null,
    p_overrides jsonb default '{}',
    p_deferred text[] default null
) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the very SQL that a batch of a level runs; its parameters are those of source_clause.
-- Parameters: p_tree, p_level; p_range_of of the batch's pieces, 'rows' or 'parents' (default: what the level is planned by);
--   p_overrides as in level_columns; p_deferred, columns that the backfill is to fill (default: as copy_order has them).
-- Returns: one INSERT … SELECT.
-- Errors: those of resolve_level, copy_order and source_clause.
declare
    v_level _duplication.resolved_level := _duplication.resolve_level(p_tree, p_level);
    v_order record;
begin
    if p_range_of is null or p_deferred is null then
        select o.mapped, o.deferred_columns into v_order from _duplication.copy_order(p_tree) as o where o.level = p_level;
        p_range_of := coalesce(p_range_of, case when v_order.mapped then 'rows' else 'parents' end);
        p_deferred := coalesce(p_deferred, v_order.deferred_columns, '{}');
    end if;
    return (
        select _duplication.fill_sql(
            $sql$
insert into {relation} (
    {columns}
) overriding system value
select
    {expressions}
{source_clause}
$sql$,
            'relation', v_level.relation::text,
            'columns', string_agg(quote_ident(c.column_name), ', '),
            'expressions', string_agg(c.expression, ', '),
            'source_clause', _duplication.source_clause(p_tree, p_level, p_range_of)
        )
        from _duplication.level_columns(p_tree, p_level, p_range_of, p_overrides, p_deferred) as c
    );
end;
$$;
comment on function duplication.copy_statement is 'The very SQL that a batch of a level runs.';

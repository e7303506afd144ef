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
-- p_overrides as in level_columns, p_deferred as in reference_values.
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
comment on function duplication.copy_statement(text, text, text, jsonb, text[]) is
'The SQL that a batch of a level runs. Its parameters: $1 the duplication, $2 and $3 the first and the last
number of the batch in the plan.

Parameters
  p_tree: text, the tree.
  p_level: text, a level of it.
  p_range_of: text, whose numbers the batch is a range of, ''rows'' or ''parents''; null, the default: as the level is
    planned.
  p_overrides: jsonb, an object, column → value of the new root; {} by default.
  p_deferred: text[], the deferred columns; null, the default: those of the tree''s order.
Returns: text, one INSERT … SELECT.
Errors: UD001 (unknown tree), UD002 (unknown level), UD010 (the tree does not fit the catalog), UD016 (bad p_range_of).
Commits: no.
Rights: EXECUTE, and those of a worker in _duplication.
Example: select duplication.copy_statement(''episode'', ''blocks'');';

create or replace function _duplication.backfill_statement(
    p_tree text, p_level text, p_overrides jsonb, p_deferred text[]
) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the SQL that a batch of a backfill runs: it fills the deferred columns that are still null, so it may be repeated. Its
--   parameters are those of source_clause.
-- Parameters: p_tree, p_level; p_overrides as in level_columns; p_deferred, the columns.
-- Returns: one UPDATE.
-- Errors: those of resolve_level and source_clause.
declare
    v_level record;
begin
    select r.* into v_level from _duplication.resolve_level(p_tree, p_level) as r;
    return (
        select format(
            E'update %1$s as c\nset %2$s\nfrom (\nselect m.new_key as "~key", %3$s\n%4$s\noffset 0\n) as v\n'
            'where c.%5$I = v."~key"%6$s and (%7$s)',
            v_level.relation,
            string_agg(format('%1$I = coalesce(c.%1$I, v.%1$I)', c.column_name), ', '),
            -- what has its value already is not looked for again
            string_agg(format(
                'case when exists (select from %1$s as c where c.%2$I = m.new_key%3$s and c.%4$I is null offset 0) then %5$s end '
                'as %4$I',
                v_level.relation, v_level.key_column, v_level.key_cast, c.column_name, c.expression
            ), ', '),
            _duplication.source_clause(p_tree, p_level, 'rows'),
            v_level.key_column, v_level.key_cast,
            string_agg(format('(c.%1$I is null and v.%1$I is not null)', c.column_name), ' or ')
        )
        from _duplication.level_columns(p_tree, p_level, 'rows', p_overrides) as c
        where c.column_name = any(p_deferred)
    );
end;
$$;

create or replace function duplication.level_columns(
    p_tree text, p_level text, p_kind text, p_overrides jsonb default '{}'
) returns table (column_name name, expression text, copied boolean)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: what each column of a copied row becomes, read from the catalog now: a column added today is copied today.
-- Parameters: p_tree, p_level; p_kind of piece, 'rows' or 'parents' (see copy_statement);
--   p_overrides, column → value, replaces what the column would become.
-- Returns: a row per column that the INSERT names, in table order. The expression sees the source row as s and the
--   plan as m (and, for 'rows', the parent's plan as p); copied: the value is the source's own.
-- Errors: those of resolve_level.
declare
    v_level record;
begin
    select r.* into v_level from duplication.resolve_level(p_tree, p_level) as r;
    return query
    select c.attname, c.becomes, c.becomes = c.same
    from (
        select
            a.attname, a.attnum, format('s.%I', a.attname) as same,
            case
                when a.attname = v_level.key_column and p_kind = 'rows' then 'm.new_key' || v_level.key_cast
                -- a row that nothing refers to takes its key as any new row does, unless the level says how
                when a.attname = v_level.key_column
                    then (select l.new_key from duplication.levels as l where l.tree = p_tree and l.name = p_level)
                when a.attname = v_level.edge_column
                    then case p_kind when 'rows' then 'p' else 'm' end || '.new_key' || v_level.parent_key_cast
                when p_overrides ? a.attname::text then format(
                    '(select o.%1$I from pg_catalog.jsonb_to_record(%2$L::pg_catalog.jsonb) as o (%1$I %3$s))',
                    a.attname, jsonb_build_object(a.attname, p_overrides -> a.attname::text),
                    format_type(a.atttypid, a.atttypmod)
                )
                when a.attname = v_level.orig_column then format('s.%I', v_level.key_column)
                when r.rule = 'default' then null
                when r.rule = 'null' then 'null'
                when r.rule = 'set' then format('(%s)', r.expression)
                else format('s.%I', a.attname)
            end as becomes
        from pg_attribute as a
        left join lateral (
            select c.rule, c.expression
            from duplication.column_rules as c
            where c.tree = p_tree and (c.level = p_level or c.level is null) and c.column_name = a.attname
            order by c.level nulls last
            limit 1
        ) as r on true
        where a.attrelid = v_level.relation and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    ) as c
    where c.becomes is not null
    order by c.attnum;
end;
$$;

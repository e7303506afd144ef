create or replace function _duplication.level_columns(
    p_tree text,
    p_level text,
    p_range_of text,
    p_overrides jsonb default '{}',
    p_deferred text[] default '{}',
    p_unmapped text default null
) returns table (column_name name, expression text, copied boolean, is_reference boolean, is_parent boolean)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: what each column becomes in the copy. The catalog is read now, so a column that was added today is copied.
-- Parameters: p_tree, p_level; p_range_of, 'rows' or 'parents' (see source_clause); p_overrides, column → value,
--   replaces what a column of the root would become; p_deferred and p_unmapped as in reference_values.
-- Returns: a row per column of the INSERT, in table order. expression may use the aliases of source_clause; copied: the
--   value is the source's own; is_reference: a reference decides the column; is_parent: an edge below does.
-- Errors: those of resolve_level.
declare
    v_level _duplication.resolved_level := _duplication.resolve_level(p_tree, p_level);
begin
    return query
    select
        c.attname,
        case
            when c.override is null then c.becomes
            when not exists (
                select from duplication.edges as e where e.tree = p_tree and e.level = p_level
            ) then c.override
            -- if the root level is below itself, the root is the row planned first: see level_runs.first_number
            else _duplication.fill_sql(
                'case when _duplication.is_first_number(m.number) then {override} else {value} end',
                'override', c.override,
                'value', coalesce(c.becomes, _duplication.key_default(v_level.relation, c.attname), 'null')
            )
        end,
        c.becomes = c.source_value and c.override is null, c.is_reference, c.is_parent
    from (
        select
            a.attname, a.attnum, s.source_value,
            case when p_overrides ? a.attname::text then _duplication.fill_sql(
                $sql$
(select o.{"column"} from pg_catalog.jsonb_to_record({'record'}::pg_catalog.jsonb) as o ({"column"} {type}))
$sql$,
                'column', a.attname,
                'record', jsonb_build_object(a.attname, p_overrides -> a.attname::text)::text,
                'type', format_type(a.atttypid, a.atttypmod)
            ) end as override,
            v.expression is not null as is_reference, coalesce(v.is_parent, false) as is_parent,
            case
                when a.attname = v_level.edge_column and p_range_of = 'parents' then 'm.new_key' || v_level.parent_key_cast
                when a.attname = v_level.key_column and p_range_of = 'rows' then 'm.new_key' || v_level.key_cast
                -- a row that nothing refers to gets its key as any new row does, unless the level declares new_key
                when a.attname = v_level.key_column
                    then (select l.new_key from duplication.levels as l where l.tree = p_tree and l.name = p_level)
                when a.attname = v_level.orig_column then 's.' || quote_ident(v_level.key_column)
                when v.expression is not null then v.expression
                when r.rule = 'default' then null
                when r.rule = 'null' then 'null'
                when r.rule = 'set' then _duplication.row_expression(r.expression, 's')
                else s.source_value
            end as becomes
        from pg_attribute as a
        cross join lateral (select 's.' || quote_ident(a.attname) as source_value) as s
        left join _duplication.reference_values(p_tree, p_level, p_deferred, p_unmapped) as v on v.column_name = a.attname
        left join lateral (
            select c.rule, c.expression
            from duplication.column_rules as c
            where c.tree = p_tree and (c.level = p_level or c.level is null) and c.column_name = a.attname
            order by c.level nulls last
            limit 1
        ) as r on true
        where a.attrelid = v_level.relation and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    ) as c
    where c.becomes is not null or c.override is not null
    order by c.attnum;
end;
$$;

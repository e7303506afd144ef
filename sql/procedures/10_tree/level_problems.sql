create or replace function duplication.level_problems(p_tree text, p_level text)
returns table (level text, problem text, hint text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: what about a level would make its copy fail.
-- Parameters: p_tree, p_level. Returns: a row per problem, with its hint; none if all is well.
-- Errors: those of resolve_level.
declare
    v_level record;
begin
    if (select count(*) from duplication.edges as e where e.tree = p_tree and e.level = p_level) > 1 then
        return query select p_level, 'it has several edges', 'A level has one edge, to its parent.';
        return;
    end if;
    select r.* into v_level from duplication.resolve_level(p_tree, p_level) as r;

    if v_level.mapped and v_level.key_column is null then
        return query select p_level, 'it has no key column', 'A level needs one that is a parent or has no orig column.';
    elsif v_level.new_key is null and v_level.key_column is not null then
        return query
        select
            p_level, format('key column %I of %s has no default', v_level.key_column, v_level.relation),
            'Give the column a default, or the level an expression in duplication.levels.new_key.';
    end if;

    return query
    select
        p_level, format('table %s has no column %I', v_level.relation, c.column_name),
        format('Correct duplication.%s.', c.declared_in)
    from (
        select v_level.orig_column as column_name, 'levels' as declared_in
        union all
        select v_level.edge_column, 'edges'
        union all
        select r.column_name, 'column_rules'
        from duplication.column_rules as r
        where r.tree = p_tree and r.level = p_level
    ) as c
    where c.column_name is not null and not exists (
        select from pg_attribute as a
        where a.attrelid = v_level.relation and a.attname = c.column_name and not a.attisdropped
    );

    return query
    select
        p_level, format('table %s has inheritance children', v_level.relation),
        'Their rows would be copied into the parent: make each of them a level, or partition the table.'
    from pg_class as c
    where c.oid = v_level.relation and c.relkind = 'r' and exists (
        select from pg_inherits as i where i.inhparent = c.oid
    );

    return query
    select
        p_level, format('key column %I of %s is not unique', v_level.key_column, v_level.relation),
        'Rows are found again by their key: give the column a unique index of its own.'
    from pg_class as c
    -- a partitioned table's unique index has the partition key beside it
    where c.oid = v_level.relation and v_level.key_column is not null and c.relkind = 'r' and not exists (
        select from pg_index as i
        inner join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
        where i.indrelid = c.oid and i.indisunique and i.indnkeyatts = 1 and i.indpred is null and i.indisvalid
            and a.attname = v_level.key_column
    );

    return query
    select
        p_level, format('column %I of %s has no index', c.column_name, v_level.relation),
        'Without one each batch would read the whole table: create a btree index that begins with the column.'
    from (values (v_level.key_column), (v_level.edge_column)) as c (column_name)
    inner join pg_attribute as a on a.attrelid = v_level.relation and a.attname = c.column_name
    where not exists (
        select from pg_index as i
        inner join pg_class as c on c.oid = i.indexrelid
        inner join pg_am as m on m.oid = c.relam
        where i.indrelid = v_level.relation and i.indkey[0] = a.attnum and i.indisvalid and i.indpred is null
            and m.amname in ('btree', 'hash')
    );

    return query
    select
        p_level, format(
            'unique index %s on %s (%s) would refuse every copied row', i.indexrelid::regclass, v_level.relation, (
                select string_agg(quote_ident(a.attname), ', ' order by k.nr)
                from unnest((i.indkey::smallint[])[0:i.indnkeyatts - 1]) with ordinality as k (attnum, nr)
                inner join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
            )
        ),
        'None of its columns changes in a copy: give one of them a rule in duplication.column_rules.'
    from pg_index as i
    where i.indrelid = v_level.relation and i.indisunique and i.indpred is null and i.indexprs is null
        and not exists (
            select from pg_attribute as a
            left join duplication.level_columns(
                p_tree, p_level, case when v_level.mapped then 'rows' else 'parents' end
            ) as c on c.column_name = a.attname
            where a.attrelid = i.indrelid and a.attnum = any((i.indkey::smallint[])[0:i.indnkeyatts - 1]) and c.copied is distinct from true
        );
end;
$$;

create or replace function _duplication.level_problems(p_tree text, p_level text)
returns table (problem text, hint text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the problems in a level's declaration and its table that would make its copy fail.
-- Parameters: p_tree, p_level. Returns: a row per problem, with a hint.
-- Errors: those of resolve_level.
declare
    v_level _duplication.resolved_level := _duplication.resolve_level(p_tree, p_level);
    v_unindexed text[];
begin
    return query
    select
        format('table %s has no column %I', c.relation, c.column_name),
        format('Correct duplication.%s.', c.declared_in)
    from (
        select v_level.relation, v_level.orig_column as column_name, 'levels' as declared_in
        union all
        select v_level.relation, e.column_name, 'edges'
        from duplication.edges as e
        where e.tree = p_tree and e.level = p_level and e.kind = 'below'
        union all
        select v_level.relation, e.column_name, 'edges'
        from duplication.edges as e
        where e.tree = p_tree and e.parent_level = p_level and e.kind = 'owned'
        union all
        select v_level.relation, r.column_name, 'column_rules'
        from duplication.column_rules as r
        where r.tree = p_tree and r.level = p_level
    ) as c
    where c.column_name is not null and not exists (
        select from pg_attribute as a
        where a.attrelid = c.relation and a.attname = c.column_name and not a.attisdropped
    );
    if found then
        return;
    end if;

    return query
    select
        format('key column %I of %s has no default', v_level.key_column, v_level.relation),
        'Give the column a default, or the level an expression in duplication.levels.new_key.'
    where v_level.new_key is null and v_level.key_column is not null and not exists (
        select from duplication.edges as e
        where e.tree = p_tree and e.level = p_level and _duplication.shares_key(e)
    );

    return query
    select
        format('table %s has inheritance children', v_level.relation),
        'Their rows would be copied into the parent: make each of them a level, or partition the table.'
    from pg_class as c
    where c.oid = v_level.relation and c.relkind = 'r' and exists (
        select from pg_inherits as i where i.inhparent = c.oid
    );

    return query
    select
        format('partition %s of %s is a foreign table', c.oid::regclass, v_level.relation),
        'Its server commits by itself, so a batch could be lost or doubled there.'
    from pg_class as c
    where c.oid = any(_duplication.table_and_partitions(v_level.relation)) and c.relkind = 'f';

    return query
    select
        format('key column %I of %s is not unique', v_level.key_column, v_level.relation),
        'Rows are found again by their key: give the column a unique index of its own.'
    from pg_class as c
    -- not for partitioned tables: their unique indexes have the partition key as well
    where c.oid = v_level.relation and v_level.key_column is not null and c.relkind = 'r' and not exists (
        select from pg_index as i
        inner join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
        where i.indrelid = c.oid and i.indisunique and i.indnkeyatts = 1 and i.indpred is null and i.indisvalid
            and a.attname = v_level.key_column
    );

    v_unindexed := array(
        select c.column_name
        from (
            select v_level.key_column as column_name
            union
            select e.column_name from duplication.edges as e
            where e.tree = p_tree and e.level = p_level and e.kind = 'below'
        ) as c
        inner join pg_attribute as a on a.attrelid = v_level.relation and a.attname = c.column_name
        where not exists (
            select from pg_index as i
            inner join pg_class as c on c.oid = i.indexrelid
            inner join pg_am as m on m.oid = c.relam
            where i.indrelid = v_level.relation and i.indkey[0] = a.attnum and i.indisvalid and i.indpred is null
                and m.amname in ('btree', 'hash')
        )
    );
    return query
    select
        format('column %I of %s has no index', c.column_name, v_level.relation),
        'Without one each batch would read the whole table: create a btree index that begins with the column.'
    from unnest(v_unindexed) as c (column_name);

    return query
    select
        format('foreign key %s refers to level %s, which has no key column', f.conname, l.name),
        'Rows without a key of one column cannot be referred to: give its column a rule in duplication.column_rules, '
        'or the level a key column.'
    from pg_constraint as f
    inner join duplication.levels as l on l.tree = p_tree
        and to_regclass(l.relation) in (f.confrelid, pg_partition_root(f.confrelid))
    where f.conrelid = any(_duplication.table_and_partitions(v_level.relation)) and f.contype = 'f' and f.conparentid = 0 and l.key_column is null
        and not exists (
            select from pg_attribute as a
            inner join duplication.column_rules as r on r.column_name = a.attname
            where a.attrelid = f.conrelid and a.attnum = any(f.conkey) and r.tree = p_tree
                and coalesce(r.level, p_level) = p_level and r.rule <> 'remap'
        );

    return query
    select
        format(
            'key column %I refers to level %s by foreign key %s', v_level.key_column, r.target_level, r.constraint_name
        ),
        'The two rows share a key: declare it in duplication.edges, below that level or owned through the column.'
    from _duplication.level_references(p_tree, p_level) as r
    where r.origin = 'constraint' and r.columns = array[v_level.key_column::name];
end;
$$;

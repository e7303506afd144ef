create or replace function _duplication.count_rows(p_tree text, p_key text) returns jsonb
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
set jit to off
set enable_seqscan to off
as $$
-- Purpose: how many rows of each level a copy of a root would have, by walking its tree.
-- Parameters: p_tree; p_key of the root, canonical.
-- Returns: level → rows.
-- Errors: those of resolve_level.
declare
    v_statement text;
    v_rows jsonb;
begin
    select format(
        $statement$
            with recursive reached as (
                select %L::text collate "C" as level, $1 collate "C" as key
                union
                select x.level, x.key
                from reached as r
                cross join lateral (%s) as x
            )

            select jsonb_object_agg(c.level, c.rows)
            from (
                select r.level, count(*) as rows from reached as r group by r.level
                %s
            ) as c
        $statement$,
        _duplication.root_level(p_tree),
        coalesce(
            string_agg(format(
                E'select %L::text collate "C" as level, s.%I::text collate "C" as key\nfrom %s\n%s',
                e.level, l.key_column, s.carrier, _duplication.edge_join(e)
            ), E'\nunion all\n') filter (where l.key_column is not null),
            'select r.level, r.key where false'
        ),
        string_agg(format(
            E'union all\nselect %L, count(*)\nfrom reached as r\ncross join lateral %s\n%s', e.level, s.carrier,
            _duplication.edge_join(e)
        ), E'\n') filter (where l.key_column is null)
    ) into v_statement
    from duplication.edges as e
    inner join duplication.levels as l on l.tree = e.tree and l.name = e.level
    cross join lateral (
        -- fenced: a key is brought to the type of its own level's only
        select format(
            '(select r.key as orig_key where r.level = %L offset 0) as m', _duplication.edge_carrier(p_tree, e.parent_level)
        ) as carrier
    ) as s
    where e.tree = p_tree;
    perform _duplication.use_tree_path(p_tree);
    execute v_statement into v_rows using p_key;
    return v_rows;
end;
$$;

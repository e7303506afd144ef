create or replace function duplication.preview(p_tree text, p_key text, p_exact boolean default false)
returns table (
    ordinal integer,
    level text,
    relation text,
    rows bigint,
    deferred_columns text[],
    conflicts text[],
    warnings text[]
)
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- A problem of the whole tree is told at the root.
declare
    v_root duplication.levels := _duplication.find_root(p_tree);
    v_key text := _duplication.canonical_key(v_root, p_key);
    v_problems jsonb;
    v_rows jsonb;
    v_problem text;
    v_hint text;
begin
    perform _duplication.check_root(v_root, v_key);
    begin
        select coalesce(jsonb_agg(jsonb_build_object(
            -- a problem of the whole tree is reported at the root
            'level', case when o.level is null then _duplication.root_level(p_tree) else p.level end,
            'is_certain', p.is_certain, 'text', p.problem || '. ' || p.hint
        )), '[]') into v_problems
        from duplication.tree_problems(p_tree) as p
        left join _duplication.copy_order(p_tree) as o on o.level = p.level;
    exception when sqlstate 'UD010' then
        get stacked diagnostics v_problem = message_text, v_hint = pg_exception_hint;
        conflicts := array[v_problem || '. ' || v_hint];
        return next;
        return;
    end;
    if not v_problems @> '[{"is_certain": true}]' then
        v_rows := case when p_exact
            then _duplication.count_rows(p_tree, v_key) else _duplication.estimate_rows(p_tree, v_key) end;
    end if;
    return query
    select
        o.ordinal, o.level, l.relation,
        case when v_rows is not null then coalesce((v_rows ->> o.level)::bigint, 0) end, o.deferred_columns,
        p.conflicts, p.warnings || case
            when not p_exact and o.refers_to_itself
                then array['Rows below rows of this level are not estimated: ask for the exact numbers.']
            else '{}'
        end
    from _duplication.copy_order(p_tree) as o
    inner join duplication.levels as l on l.tree = p_tree and l.name = o.level
    cross join lateral (
        select
            coalesce(array_agg(p.text) filter (where p.is_certain), '{}') as conflicts,
            coalesce(array_agg(p.text) filter (where not p.is_certain), '{}') as warnings
        from jsonb_to_recordset(v_problems) as p (level text, is_certain boolean, text text)
        where p.level = o.level
    ) as p
    order by o.ordinal;
end;
$$;
comment on function duplication.preview(text, text, boolean) is
'What a copy would do, before anybody asks for it. Writes nothing.

Parameters
  p_tree: text, the tree.
  p_key: text, the key of the root, as its type writes it.
  p_exact: boolean, false by default: true counts the rows instead of estimating them from statistics.
Returns: a row per level in the order of copying: ordinal, level, relation, rows to copy, deferred_columns (filled by a
  backfill), conflicts (the copy would be refused), warnings (of what may come). While there is a conflict, rows is
  null. One row without a level where there is no order.
Errors: UD001 (unknown tree), UD004 (no such root), UD005 (not a key of the root''s type), UD010 (a table is missing).
Commits: no.
Rights: EXECUTE, those of a worker in _duplication, and SELECT on the tree''s tables.
Example: select * from duplication.preview(''episode'', ''42'', true);';

create or replace function _duplication.compile_tree(p_tree text) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: make sure that compiled_trees, compiled_levels and compiled_edges are current: the order of the tree, and
--   the statements that plan and copy it. Compiling takes several times as long as a small copy, so it is done only
--   when something has changed.
-- Parameters: p_tree.
-- Errors: those of lock_tree, check_tree and copy_order.
-- Locks: those of lock_tree and, when something has changed, the tree's compiled rows, until commit. Does not commit.
declare
    v_relations regclass[] := _duplication.lock_tree(p_tree);
    v_fingerprint text := _duplication.tree_fingerprint(p_tree, v_relations);
begin
    if exists (
        select from _duplication.compiled_trees as c where c.tree = p_tree and c.fingerprint = v_fingerprint
    ) then
        return;
    end if;
    perform _duplication.check_tree(p_tree);
    -- a second session waits here for the first
    insert into _duplication.compiled_trees as c (tree, fingerprint, root_level, plan_statement)
    select p_tree, v_fingerprint, r.level, _duplication.plan_root_statement(p_tree, r.level)
    from _duplication.root_level(p_tree) as r (level)
    on conflict (tree) do update
    set fingerprint = excluded.fingerprint, root_level = excluded.root_level, plan_statement = excluded.plan_statement;
    delete from _duplication.compiled_levels as c where c.tree = p_tree;
    delete from _duplication.compiled_edges as c where c.tree = p_tree;
    insert into _duplication.compiled_levels (
        tree, level, ordinal, mapped, refers_to_itself, deferred_columns, relation, fingerprint, copy_statement,
        backfill_statement
    )
    select
        p_tree, o.level, o.ordinal, o.mapped, o.refers_to_itself, o.deferred_columns, l.relation,
        _duplication.relation_fingerprint(l.relation),
        duplication.copy_statement(
            p_tree, o.level, case when o.mapped then 'rows' else 'parents' end, p_deferred => o.deferred_columns
        ),
        case when o.deferred_columns <> '{}' then _duplication.backfill_statement(p_tree, o.level, '{}', o.deferred_columns) end
    from _duplication.copy_order(p_tree) as o
    cross join lateral _duplication.resolve_level(p_tree, o.level) as l;
    insert into _duplication.compiled_edges (tree, level, parent_level, column_name, carrier, plan_statement)
    select
        p_tree, e.level, e.parent_level, e.column_name, _duplication.edge_carrier(p_tree, e.parent_level),
        case
            -- looking each row up takes a sixth of planning it; with only one edge, it is hardly ever planned already
            when c.mapped then _duplication.plan_statement(e, exists (
                select from duplication.edges as o
                where o.tree = p_tree and o.level = e.level
                    and (o.parent_level, o.column_name) <> (e.parent_level, e.column_name)
            ))
            else _duplication.cut_statement(p_tree, e.level)
        end
    from duplication.edges as e
    inner join _duplication.compiled_levels as c on c.tree = p_tree and c.level = e.level
    -- an edge between levels that the root does not reach was refused above
    where e.tree = p_tree;
end;
$$;

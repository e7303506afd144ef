create or replace function _duplication.create_level_runs(p_id bigint) returns boolean
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: give a duplication that is about to start the levels and edges of its tree. A retried one keeps those it has; their
--   columns are read anew.
-- Parameters: p_id.
-- Returns: false if another session starts the duplication, or has started it.
-- Errors: those of compile_tree.
-- Locks: an advisory lock for the start of this duplication, and those of compile_tree, until commit. Does not commit.
declare
    v_tree text;
begin
    if not pg_try_advisory_xact_lock(_duplication.lock_key('start', p_id::text)) then
        return false;
    end if;
    -- read again: another session may have started the duplication before the lock was free
    select d.tree into v_tree from duplication.duplications as d where d.id = p_id and d.traits ? 'startable';
    if not found then
        return false;
    end if;
    perform _duplication.compile_tree(v_tree);
    if exists (select from _duplication.level_runs as r where r.duplication_id = p_id) then
        perform _duplication.restart_levels(p_id, v_tree);
        return true;
    end if;
    insert into _duplication.level_runs (
        duplication_id, level, ordinal, mapped, refers_to_itself, deferred_columns, backfills, relation, compiled_from,
        statement
    )
    select
        p_id, r.level, row_number() over (order by r.backfills is not null, c.ordinal), c.mapped,
        r.backfills is null and c.refers_to_itself, c.deferred_columns, r.backfills, c.relation, c.fingerprint, r.statement
    from _duplication.compiled_levels as c
    cross join lateral (
        select c.level, null as backfills, c.copy_statement as statement
        union all
        select 'backfill ' || c.level, c.level, c.backfill_statement where c.deferred_columns <> '{}'
    ) as r
    where c.tree = v_tree;
    insert into _duplication.edge_runs (duplication_id, level, parent_level, column_name, carrier)
    select p_id, c.level, c.parent_level, c.column_name, c.carrier
    from _duplication.compiled_edges as c
    where c.tree = v_tree;
    return true;
end;
$$;

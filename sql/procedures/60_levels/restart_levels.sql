create or replace function _duplication.restart_levels(p_id bigint, p_tree text) returns void
language sql
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: when a duplication is retried, give its unfinished runs the statements that its tree is compiled to now.
    -- Parameters: p_id; p_tree, compiled.
    -- Does not commit.
    update _duplication.level_runs as r
    set started_at = null, fingerprint = null, per_row_reason = null, relation = c.relation,
        -- a run keeps how it was planned; a level planned otherwise than the tree is now is compiled when it starts
        compiled_from = case when c.mapped = r.mapped and c.deferred_columns = r.deferred_columns then c.fingerprint end,
        statement = case when r.backfills is null then c.copy_statement else c.backfill_statement end
    from _duplication.compiled_levels as c
    where r.duplication_id = p_id and r.completed_at is null
        and c.tree = p_tree and c.level = coalesce(r.backfills, r.level);
    update _duplication.edge_runs as r
    set carrier = c.carrier
    from _duplication.compiled_edges as c
    where r.duplication_id = p_id and c.tree = p_tree
        and c.level = r.level and c.parent_level = r.parent_level and c.column_name = r.column_name;
$$;

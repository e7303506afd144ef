create or replace function _duplication.clear_deferred_columns(p_batch _duplication.batches, p_level text) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: empty the deferred columns of what a batch copied, so that its rows can be deleted in any order.
-- Parameters: p_batch, of the backfill; p_level, the one it backfills.
-- Errors: whatever the content's constraints and triggers raise.
-- Locks: the rows, until commit. Does not commit.
declare
    v_tree duplication.trees;
    v_level record;
    v_columns text[];
begin
    select t.* into v_tree
    from duplication.duplications as d
    inner join duplication.trees as t on t.name = d.tree
    where d.id = p_batch.duplication_id;
    select r.* into v_level from _duplication.resolve_level(v_tree.name, p_level) as r;
    -- rows that one statement copied are deleted by one: among them nothing need be emptied, nor perhaps may be
    v_columns := array(
        select c.name
        from _duplication.level_runs as r
        cross join lateral unnest(r.deferred_columns) as c (name)
        where r.duplication_id = p_batch.duplication_id and r.level = p_level and (
            1 < (
                select count(*) from _duplication.batches as b
                where b.duplication_id = r.duplication_id and b.level = p_level
            ) or exists (
                select from _duplication.level_references(v_tree.name, p_level) as f
                where f.target_level <> p_level and c.name = any(f.nullable)
            )
        )
    );
    if v_columns <> '{}' then
        perform _duplication.run_statement(
            format(
                'update %s as s set %s where s.%I = any(array(select c.%3$I %s)) and (%s)',
                v_level.relation, (select string_agg(format('%I = null', c), ', ') from unnest(v_columns) as c),
                v_level.key_column, _duplication.copied_clause(p_batch.duplication_id, p_level, p_batch.range_of),
                (select string_agg(format('s.%I is not null', c), ' or ') from unnest(v_columns) as c)
            ),
            v_tree.search_path, p_batch.duplication_id, p_batch.first_number, p_batch.last_number
        );
    end if;
end;
$$;

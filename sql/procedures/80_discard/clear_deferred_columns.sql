create or replace function _duplication.clear_deferred_columns(p_batch _duplication.batches, p_level text) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: set the deferred columns of a batch's rows to null, so that the rows can be deleted in any order.
-- Parameters: p_batch, of the backfill; p_level, the level whose columns the backfill fills.
-- Errors: whatever the constraints and triggers of the tree's tables raise.
-- Locks: the rows, until commit. Does not commit.
declare
    v_tree duplication.trees;
    v_level _duplication.resolved_level;
    v_columns text[];
begin
    select t.* into v_tree
    from duplication.duplications as d
    inner join duplication.trees as t on t.name = d.tree
    where d.id = p_batch.duplication_id;
    v_level := _duplication.resolve_level(v_tree.name, p_level);
    -- one statement deletes all rows of a batch: references among them need not become null, and some must not
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
            _duplication.fill_sql(
                $sql$
update {relation} as s
set {assignments}
where s.{"key"} = any(array(
    select c.{"key"}
    {copied_clause}
)) and ({has_value})
$sql$,
                'relation', v_level.relation::text,
                'assignments', (select string_agg(quote_ident(c) || ' = null', ', ') from unnest(v_columns) as c),
                'key', v_level.key_column,
                'copied_clause', _duplication.copied_clause(p_batch.duplication_id, p_level, p_batch.range_of),
                'has_value', (
                    select string_agg('s.' || quote_ident(c) || ' is not null', ' or ') from unnest(v_columns) as c
                )
            ),
            v_tree.search_path, p_batch.duplication_id, p_batch.first_number, p_batch.last_number
        );
    end if;
end;
$$;

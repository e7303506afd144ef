create or replace function _duplication.delete_rows(p_batch _duplication.batches) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: delete the rows that a batch copied.
-- Parameters: p_batch.
-- Errors: UD011, UD013; whatever the constraints and triggers of the tree's tables raise.
-- Locks: the rows, until commit. Does not commit.
declare
    v_tree duplication.trees;
    v_level _duplication.resolved_level;
    v_rows text;
    v_locked bigint;
    v_deleted bigint;
begin
    select t.* into v_tree
    from duplication.duplications as d
    inner join duplication.trees as t on t.name = d.tree
    where d.id = p_batch.duplication_id;
    v_level := _duplication.resolve_level(v_tree.name, p_batch.level);
    v_rows := case when v_level.key_column is null
        then _duplication.fill_sql(
            $sql$
{relation} as s
where s.{"edge_column"} = any(array(
    select m.new_key{parent_key_cast} from _duplication.id_map as m where m.number between $2 and $3 and not m.missing
)){edge_filter}
$sql$,
            'relation', v_level.relation::text, 'edge_column', v_level.edge_column,
            'parent_key_cast', v_level.parent_key_cast, 'edge_filter', v_level.edge_clause
        )
        else _duplication.fill_sql(
            $sql$
{relation} as s
where s.{"key"} = any(array(
    select c.{"key"}
    {copied_clause}
))
$sql$,
            'relation', v_level.relation::text, 'key', v_level.key_column,
            'copied_clause', _duplication.copied_clause(p_batch.duplication_id, p_batch.level, p_batch.range_of)
        )
    end;
    -- Lock before the check: the check sees a row that refers to these, or the insert of that row waits and then fails.
    v_locked := _duplication.run_statement(
        'select from ' || v_rows || ' for update', v_tree.search_path, p_batch.duplication_id,
        p_batch.first_number, p_batch.last_number
    );
    if v_level.key_column is null and v_locked > p_batch.rows then
        raise exception using
            errcode = 'UD013',
            message = format('rows that duplication %s did not copy are below its copy', p_batch.duplication_id),
            detail = format(
                '%s %s of %s were copied, and there are %s, which have no key to tell them apart.',
                p_batch.rows, p_batch.level, v_level.relation, v_locked
            ),
            hint = 'Delete the ones that were added, and discard again.';
    end if;
    perform _duplication.check_not_referenced(
        p_batch.duplication_id, p_batch.level, p_batch.range_of, p_batch.first_number, p_batch.last_number
    );
    v_deleted := _duplication.run_statement(
        'delete from ' || v_rows, v_tree.search_path, p_batch.duplication_id, p_batch.first_number, p_batch.last_number
    );
    if v_deleted <> v_locked then
        raise exception using
            errcode = 'UD011',
            message = format('%s of %s rows were deleted from %s', v_deleted, v_locked, v_level.relation),
            hint = format('Look for a BEFORE DELETE trigger or a rule on %s that keeps rows.', v_level.relation);
    end if;
end;
$$;

create or replace function duplication.discard_batch(
    p_id bigint, inout p_level text, inout p_batch_no integer
)
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
-- as in advance_level
set jit to off
set enable_seqscan to off
as $$
-- Purpose: delete what one batch copied, the last level first, and with it the record that says so.
-- Parameters: p_id, a duplication being discarded; p_level and p_batch_no, the batch deleted before, null for none.
-- Returns: the batch deleted, p_batch_no null if there was none left.
-- Errors: UD011, UD013; whatever the content's constraints and triggers raise.
-- Locks: the duplication's advisory lock, exclusively: batches in flight end first, others that discard wait;
--   the batch's rows. Does not commit.
declare
    v_duplication duplication.duplications;
    v_level record;
    v_batch duplication.batches;
    v_search_path text;
    v_rows text;
    v_locked bigint;
    v_deleted bigint;
begin
    perform pg_advisory_xact_lock(duplication.lock_key(p_id));
    perform duplication.limit_lock_waits();
    v_duplication := duplication.find_duplication(p_id);
    if v_duplication.status = 'discarding' then
        -- behind the last one first, for the reason that take_pieces gives
        v_batch := coalesce(
            duplication.next_batch_to_discard(p_id, p_level, p_batch_no),
            duplication.next_batch_to_discard(p_id, null, null)
        );
    end if;
    p_level := v_batch.level;
    p_batch_no := v_batch.batch_no;
    if p_batch_no is null then
        perform duplication.finish_discard(p_id);
        return;
    end if;

    select r.* into v_level from duplication.resolve_level(v_duplication.tree, v_batch.level) as r;
    select t.search_path into v_search_path from duplication.trees as t where t.name = v_duplication.tree;
    v_rows := format(
        '%s as d where d.%I = any(array(select c.%2$I %s))',
        v_level.relation, v_level.key_column,
        duplication.copied_clause(v_duplication.tree, v_batch.level, v_batch.kind)
    );
    -- Locked before anybody looks: a row that refers to them is then either seen, or waits and finds them gone.
    v_locked := duplication.run_statement(
        'select from ' || v_rows || ' for update', v_search_path, p_id, v_batch.first_number, v_batch.last_number
    );
    perform duplication.check_not_referenced(
        p_id, v_batch.level, v_batch.kind, v_batch.first_number, v_batch.last_number
    );
    v_deleted := duplication.run_statement(
        'delete from ' || v_rows, v_search_path, p_id, v_batch.first_number, v_batch.last_number
    );
    if v_deleted <> v_locked then
        raise exception using
            errcode = 'UD011',
            message = format('%s of %s rows were deleted from %s', v_deleted, v_locked, v_level.relation),
            hint = format('Look for a BEFORE DELETE trigger or a rule on %s that keeps rows.', v_level.relation);
    end if;
    delete from duplication.batches as b
    where b.duplication_id = p_id and b.level = v_batch.level and b.batch_no = v_batch.batch_no;
end;
$$;

create or replace function _duplication.discard_batch(
    p_id bigint, inout p_level text, inout p_batch_no integer
)
language plpgsql
set search_path to pg_catalog, pg_temp
-- as in advance_level
set jit to off
set enable_seqscan to off
as $$
-- Purpose: delete the rows of one batch and the record of the batch, the last level first. Batches of backfills come
--   before all others: of these, the deferred columns become null.
-- Parameters: p_id, a duplication being discarded; p_level and p_batch_no, the batch discarded before, null for none.
-- Returns: the discarded batch; p_batch_no is null if none was left.
-- Errors: UD011, UD013; whatever the constraints and triggers of the tree's tables raise.
-- Locks: the duplication's advisory lock, exclusively: it waits for batches at work, and other discards wait for it;
--   the batch's rows. Does not commit.
declare
    v_batch _duplication.batches;
    v_backfills text;
begin
    perform pg_advisory_xact_lock(_duplication.lock_key('duplication', p_id::text));
    perform _duplication.set_lock_timeout();
    if (_duplication.find_duplication(p_id)).traits ? 'being_deleted' then
        -- search behind the last one first: claim_pieces says why
        v_batch := coalesce(
            _duplication.next_batch_to_discard(p_id, p_level, p_batch_no),
            _duplication.next_batch_to_discard(p_id, null, null)
        );
    end if;
    p_level := v_batch.level;
    p_batch_no := v_batch.batch_no;
    if p_batch_no is null then
        perform _duplication.finish_discard(p_id);
        return;
    end if;
    select r.backfills into v_backfills
    from _duplication.level_runs as r
    where r.duplication_id = p_id and r.level = v_batch.level;
    if v_backfills is null then
        perform _duplication.delete_rows(v_batch);
    else
        perform _duplication.clear_deferred_columns(v_batch, v_backfills);
    end if;
    delete from _duplication.batches as b
    where b.duplication_id = p_id and b.level = v_batch.level and b.batch_no = v_batch.batch_no;
end;
$$;

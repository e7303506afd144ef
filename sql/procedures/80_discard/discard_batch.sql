create or replace function _duplication.discard_batch(
    p_id bigint, inout p_level text, inout p_batch_no integer
)
language plpgsql
set search_path to pg_catalog, pg_temp
-- as in advance_level
set jit to off
set enable_seqscan to off
as $$
-- Purpose: delete what one batch copied, the last level first, and with it the record that says so; before all others, of
--   levels with deferred columns, empty these.
-- Parameters: p_id, a duplication being discarded; p_level and p_batch_no, the batch discarded before, null for none.
-- Returns: the batch discarded, p_batch_no null if there was none left.
-- Errors: UD011, UD013; whatever the content's constraints and triggers raise.
-- Locks: the duplication's advisory lock, exclusively: batches in flight end first, others that discard wait;
--   the batch's rows. Does not commit.
declare
    v_batch _duplication.batches;
    v_backfills text;
begin
    perform pg_advisory_xact_lock(_duplication.lock_key('duplication', p_id::text));
    perform _duplication.set_lock_timeout();
    if (_duplication.find_duplication(p_id)).traits ? 'being_deleted' then
        -- behind the last one first, for the reason that claim_pieces gives
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

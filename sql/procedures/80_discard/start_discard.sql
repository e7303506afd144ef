create or replace function _duplication.start_discard(p_id bigint) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
-- as in advance_level
set jit to off
set enable_seqscan to off
as $$
-- Purpose: change the status from completed, failed or cancelled to discarding, for good. A second call does nothing.
-- Parameters: p_id.
-- Errors: UD003; UD007, also if the duplication is purged; UD013 if rows outside the copy refer to it.
-- Locks: the duplication's row, until commit. Does not commit.
declare
    v_duplication duplication.duplications;
    v_batch _duplication.batches;
begin
    -- locked before it is read, so that neither a retry nor a purge comes in between
    perform from duplication.duplications as d where d.id = p_id for no key update;
    v_duplication := _duplication.find_duplication(p_id);
    if v_duplication.traits ?| array['being_deleted', 'deleted'] then
        return;
    elsif _duplication.status_after(v_duplication.status, 'discard') is null or _duplication.is_purged(p_id) then
        perform _duplication.raise_wrong_status(v_duplication, 'discarded');
    end if;
    for v_batch in
        select b.*
        from _duplication.batches as b
        inner join _duplication.level_runs as r on r.duplication_id = b.duplication_id and r.level = b.level
        where b.duplication_id = p_id and r.backfills is null
    loop
        perform _duplication.check_not_referenced(
            p_id, v_batch.level, v_batch.range_of, v_batch.first_number, v_batch.last_number
        );
    end loop;
    update duplication.duplications as d
    set status = _duplication.status_after(d.status, 'discard'), discarding_at = clock_timestamp()
    where d.id = p_id;
    perform _duplication.emit_event(p_id, 'duplication.discarding', jsonb_build_object('id', p_id));

    -- clear the deferred columns of every batch, backfilled or not: the copy itself fills those whose target is there
    delete from _duplication.batches as b
    using _duplication.level_runs as r
    where b.duplication_id = p_id and r.duplication_id = p_id and r.level = b.level and r.backfills is not null;
    insert into _duplication.batches
    select (jsonb_populate_record(b, jsonb_build_object('level', r.level))).*
    from _duplication.level_runs as r
    inner join _duplication.batches as b on b.duplication_id = r.duplication_id and b.level = r.backfills
    where r.duplication_id = p_id;
end;
$$;

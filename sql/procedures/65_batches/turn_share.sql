create or replace function _duplication.turn_share(
    p_last _duplication.batches, p_target_ms integer
) returns numeric
language plpgsql volatile
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the part of its time that the next batch of a level takes, so that two sessions which share the level take turns. A
--   batch inserts its rows, and for each one the sessions wait for each other: for the sequence, the last page of an index,
--   the end of the file. Then its foreign keys are checked, and nobody waits. So a batch best begins when the other one is half done.
-- Parameters: p_last batch of the level; p_target_ms, how long a batch should take.
-- Returns: from 0.5 to 1, in hundredths. A session that begins in the second half of the other's batch takes less; one that begins in
--   its first half takes all, since the other one will take less. 1 without another session: batches of one session do not overlap.
declare
    -- of the batches furthest on, the two that ended last: this session's, and the other session's
    v_ended _duplication.batches[] := array(
        select f.batch
        from (
            select b as batch
            from _duplication.batches as b
            where b.duplication_id = p_last.duplication_id and b.level = p_last.level
            order by b.batch_no desc
            limit 4
        ) as f
        order by (f.batch).ended_at desc
        limit 2
    );
    v_done numeric;
begin
    if v_ended[1].started_at < v_ended[2].ended_at then
        -- the part of its next batch that the other one has done, if that takes as long as it should: see size_batch
        v_done := extract(epoch from clock_timestamp() - v_ended[2].ended_at) * 1000 / nullif(
            least(p_target_ms, 2000 * extract(epoch from v_ended[2].ended_at - v_ended[2].started_at)), 0
        );
    end if;
    return case when v_done between 0.5 and 1 then round(1.5 - v_done, 2) else 1 end;
end;
$$;

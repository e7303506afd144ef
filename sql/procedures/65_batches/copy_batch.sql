create or replace function _duplication.copy_batch(
    p_tree duplication.trees,
    p_run _duplication.level_runs,
    p_is_first boolean,
    p_batch_rows integer,
    out step text,
    out level_rows bigint
)
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: copy one batch of a level, or backfill it, exactly once: the transaction that writes its rows also takes its
--   pieces away.
-- Parameters: p_tree; p_run of a level that has been started, its table locked; p_is_first, whether this step started it: then
--   the level has no batch, or only batches from before a retry; p_batch_rows that its batches begin with.
-- Returns: step: 'more'; 'wait' if other sessions hold all that is left; 'done' if nothing is left. level_rows: the rows copied,
--   if one batch, or none, was the whole level.
-- Errors: UD004, UD011, UD017; whatever the content's constraints and triggers raise.
-- Locks: the pieces, until commit. Does not commit.
declare
    v_started_at timestamptz := clock_timestamp();
    v_id bigint := p_run.duplication_id;
    v_last _duplication.batches;
    v_aim record;
    v_batch record;
    v_rows bigint;
begin
    if not p_is_first then
        select b.* into v_last
        from _duplication.batches as b
        where b.duplication_id = v_id and b.level = p_run.level
        order by b.batch_no desc
        limit 1;
    end if;
    v_aim := _duplication.size_batch(v_last, p_batch_rows);
    v_batch := _duplication.claim_pieces(v_id, p_run.level, v_aim.rows, coalesce(v_last.last_piece, 0));
    if v_batch.batch_no is null then
        step := case when _duplication.has_pieces_left(v_id, p_run.level, v_last.last_piece) then 'wait' else 'done' end;
        level_rows := case when p_run.rows_planned = 0 then 0 end;
        return;
    end if;

    v_rows := case when p_run.backfills is null
        then _duplication.insert_rows(
            p_tree, p_run, v_batch.range_of, v_batch.first_number, v_batch.last_number, v_batch.rows
        )
        else _duplication.run_backfill(
            p_run.statement, p_tree.search_path, v_id, v_batch.first_number, v_batch.last_number
        )
    end;
    insert into _duplication.batches (
        duplication_id, level, batch_no, last_piece, range_of, first_number, last_number, rows_planned, rows, target_rows,
        reason, started_at, ended_at
    )
    values (
        v_id, p_run.level, v_batch.batch_no, v_batch.last_piece, v_batch.range_of, v_batch.first_number, v_batch.last_number,
        v_batch.rows, v_rows, v_aim.rows, v_aim.reason, v_started_at,
        -- the clock may have been moved back
        greatest(clock_timestamp(), v_started_at)
    );
    step := 'done';
    if v_batch.rows = p_run.rows_planned then
        level_rows := v_rows;
    elsif _duplication.has_pieces_left(v_id, p_run.level, greatest(v_last.last_piece, v_batch.last_piece)) then
        step := 'more';
    end if;
end;
$$;

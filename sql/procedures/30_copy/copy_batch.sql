create or replace function duplication.copy_batch(p_id bigint, p_level text) returns text
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: copy one batch of a level, or relink it, exactly once: the transaction that writes its rows also takes its
--   pieces away.
-- Parameters: p_id, p_level, a level that has been started.
-- Returns: 'copied'; 'wait' if other sessions hold all that is left; 'none' if nothing is left.
-- Errors: UD004, UD011, UD012, UD017; whatever the content's constraints and triggers raise.
-- Locks: the pieces and ROW EXCLUSIVE on the level's table, until commit. Does not commit.
declare
    v_started_at timestamptz := clock_timestamp();
    v_duplication duplication.duplications;
    v_run duplication.level_runs;
    v_aim record;
    v_batch record;
    v_rows bigint;
begin
    select d.* into v_duplication from duplication.duplications as d where d.id = p_id;
    select r.* into v_run from duplication.level_runs as r where r.duplication_id = p_id and r.level = p_level;
    select a.* into v_aim
    from duplication.aim_batch(
        p_id, p_level, duplication.level_batch_rows(v_duplication.tree, coalesce(v_run.relinks, p_level))
    ) as a;
    select b.* into v_batch from duplication.take_pieces(p_id, p_level, v_aim.rows) as b;
    if v_batch.batch_no is null then
        return case when duplication.has_pieces_left(p_id, p_level) then 'wait' else 'none' end;
    end if;

    -- the lock that the INSERT takes anyway, taken first: the columns cannot change after they were compared
    execute format('lock table %s in row exclusive mode', v_run.relation);
    perform duplication.check_columns(v_run);
    v_rows := case when v_run.relinks is null
        then duplication.insert_rows(v_run, v_batch.kind, v_batch.first_number, v_batch.last_number, v_batch.rows)
        else duplication.run_link(
            v_run.statement, (select t.search_path from duplication.trees as t where t.name = v_duplication.tree),
            p_id, v_batch.first_number, v_batch.last_number
        )
    end;
    insert into duplication.batches (
        duplication_id, level, batch_no, last_piece, kind, first_number, last_number, rows_planned, rows, aimed_rows,
        reason, started_at, ended_at
    )
    values (
        p_id, p_level, v_batch.batch_no, v_batch.last_piece, v_batch.kind, v_batch.first_number, v_batch.last_number,
        v_batch.rows, v_rows, v_aim.rows, v_aim.reason, v_started_at,
        -- the clock may have been moved back
        greatest(clock_timestamp(), v_started_at)
    );
    return 'copied';
end;
$$;

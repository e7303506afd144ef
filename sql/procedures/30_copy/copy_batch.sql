create or replace function duplication.copy_batch(p_id bigint, p_level text) returns text
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: copy one batch of a level, exactly once: the transaction that inserts its rows also takes its
--   pieces away.
-- Parameters: p_id, p_level, a level that has been started.
-- Returns: 'copied'; 'wait' if other sessions hold all that is left; 'none' if nothing is left.
-- Errors: UD004, UD011, UD012; whatever the content's constraints and triggers raise.
-- Locks: the pieces and ROW EXCLUSIVE on the level's table, until commit. Does not commit.
declare
    v_started_at timestamptz := clock_timestamp();
    v_duplication duplication.duplications;
    v_run duplication.level_runs;
    v_level record;
    v_batch record;
    v_statement text;
    v_search_path text;
    v_altered boolean;
    v_source_rows bigint;
    v_rows bigint;
begin
    select d.* into v_duplication from duplication.duplications as d where d.id = p_id;
    select r.* into v_level from duplication.resolve_level(v_duplication.tree, p_level) as r;
    select b.* into v_batch from duplication.take_pieces(p_id, p_level, v_level.batch_rows) as b;
    if v_batch.batch_no is null then
        return case when duplication.has_pieces_left(p_id, p_level) then 'wait' else 'none' end;
    end if;

    -- the lock that the INSERT takes anyway, taken first: the columns cannot change after they were compared
    execute format('lock table %s in row exclusive mode', v_level.relation);
    select r.* into v_run from duplication.level_runs as r where r.duplication_id = p_id and r.level = p_level;
    perform duplication.check_columns(v_run, v_level.relation);
    v_statement := case when v_batch.kind = case when v_level.mapped then 'rows' else 'parents' end
        then v_run.statement
        else duplication.copy_statement(v_duplication.tree, p_level, v_batch.kind)
    end;
    select t.search_path into v_search_path from duplication.trees as t where t.name = v_duplication.tree;
    v_altered := duplication.may_alter_inserts(v_level.relation);
    if v_altered then
        select r.inserted, r.source_rows into v_rows, v_source_rows
        from duplication.run_copy(
            v_statement, duplication.source_clause(v_duplication.tree, p_level, v_batch.kind), v_search_path,
            p_id, v_batch.first_number, v_batch.last_number
        ) as r;
    else
        v_rows := duplication.run_statement(
            v_statement, v_search_path, p_id, v_batch.first_number, v_batch.last_number
        );
        v_source_rows := v_rows;
    end if;
    if v_altered or v_rows <> v_batch.rows then
        perform duplication.check_batch(
            p_id, p_level, v_batch.kind, v_batch.first_number, v_batch.last_number, v_batch.rows, v_source_rows,
            v_rows
        );
    end if;

    insert into duplication.batches (
        duplication_id, level, batch_no, last_piece, kind, first_number, last_number, rows_planned, rows, started_at
    )
    values (
        p_id, p_level, v_batch.batch_no, v_batch.last_piece, v_batch.kind, v_batch.first_number, v_batch.last_number,
        v_batch.rows, v_rows, v_started_at
    );
    return 'copied';
end;
$$;

create or replace function _duplication.insert_rows(
    p_tree duplication.trees, p_run _duplication.level_runs, p_range_of text, p_first_number bigint,
    p_last_number bigint, p_planned bigint
) returns bigint
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: insert the copies of one batch.
-- Parameters: p_tree; p_run, the level's run; p_range_of, p_first_number and p_last_number of the batch; p_planned, its rows in the plan.
-- Returns: the rows inserted.
-- Errors: UD004, UD011, UD017; whatever the content's constraints and triggers raise. Does not commit.
declare
    v_statement text := p_run.statement;
    v_triggers text;
    v_source_rows bigint;
    v_rows bigint;
begin
    if p_run.mapped <> (p_range_of = 'rows') then
        v_statement := duplication.copy_statement(p_tree.name, p_run.level, p_range_of, p_deferred => p_run.deferred_columns);
    end if;
    if p_run.refers_to_itself then
        -- a missing row takes along the rows below it, which may be of the same batch
        perform _duplication.skip_missing_rows(
            p_run.duplication_id, p_run.level, p_first_number, p_last_number, p_are_copied => false
        );
    end if;
    v_triggers := _duplication.trigger_effect(p_run.relation::regclass);
    if v_triggers = 'alters' then
        select r.inserted, r.source_rows into v_rows, v_source_rows
        from _duplication.run_copy(
            v_statement, _duplication.source_clause(p_tree.name, p_run.level, p_range_of), p_tree.search_path,
            p_run.duplication_id, p_first_number, p_last_number
        ) as r;
    else
        if _duplication.uses_set_checks(p_run, p_planned) then
            v_rows := _duplication.run_checked(
                p_run, v_statement, p_tree.search_path, p_first_number, p_last_number
            );
        end if;
        -- for small levels: with a thousand rows and more planning is quicker, and a statement with overrides hardly comes again
        if v_rows is null and p_planned = p_run.rows_planned and p_planned <= 1000 and v_triggers = 'none'
            and p_run.compiled_from is not null
        then
            v_rows := _duplication.run_prepared(
                v_statement, p_tree.search_path, p_run.duplication_id, p_first_number, p_last_number
            );
        elsif v_rows is null then
            v_rows := _duplication.run_statement(
                v_statement, p_tree.search_path, p_run.duplication_id, p_first_number, p_last_number
            );
        end if;
        v_source_rows := v_rows;
    end if;
    if v_triggers = 'alters' or v_rows <> p_planned then
        perform _duplication.check_batch(
            p_run.duplication_id, p_run.level, p_range_of, p_first_number, p_last_number, p_planned, v_source_rows, v_rows
        );
    end if;
    perform _duplication.report_dropped_references(p_tree.name, p_run, p_range_of, p_first_number, p_last_number);
    return v_rows;
end;
$$;

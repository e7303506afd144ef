create or replace procedure duplication.duplicate_level(
    p_id bigint,
    p_level text,
    p_budget interval default null,
    inout p_done boolean default null,
    inout p_next_level text default null,
    p_carry_on boolean default false
)
language plpgsql
as $$
-- Locks: those of advance_level, each until the end of its step.
-- Since it commits, it may have neither a SET clause nor a COMMIT within an exception block: the path is pinned anew in each
--   transaction (a way seen in TimescaleDB's policy procedures).
declare
    v_period tstzrange;
    v_early tstzrange;
    v_carries_on boolean;
    v_together boolean := p_carry_on;
    v_reported_at timestamptz;
    v_step text;
    v_tries integer := 0;
    v_error jsonb;
    v_sqlstate text;
    v_message text;
    v_detail text;
    v_hint text;
    v_context text;
    v_schema text;
    v_table text;
    v_column text;
    v_constraint text;
begin
    call _duplication.check_outside_transaction();
    loop
        commit;
        set transaction isolation level read committed;
        set local search_path to pg_catalog, pg_temp;
        v_period := coalesce(v_period, _duplication.call_period(p_budget));
        v_early := coalesce(v_early, _duplication.call_period(p_budget / 2));
        if v_error is not null then
            if _duplication.classify_error(v_sqlstate) = 'lasting' then
                perform _duplication.fail_duplication(p_id, v_error);
                commit;
            end if;
            perform _duplication.raise_error(v_error);
        end if;
        exit when v_step = 'done' or (
            v_step is not null and p_budget is not null
            -- a failing step is tried three times and then raised: cut short by the budget, it would never be counted
            and (v_tries = 0 and not v_period @> clock_timestamp() or _duplication.stop_requested(p_id))
        );
        if v_step = 'wait' then
            perform pg_sleep(0.02 * 2 ^ v_tries);
        end if;

        begin
            v_carries_on := p_carry_on and v_early @> clock_timestamp();
            select a.step, a.next_level into v_step, p_next_level
            from _duplication.advance_level(p_id, p_level, v_carries_on, v_carries_on and v_together) as a;
            -- a constraint that failed at commit would be out of reach of this exception block
            perform _duplication.check_deferred_constraints(p_id);
            v_tries := 0;
        exception when others then
            get stacked diagnostics
                v_sqlstate = returned_sqlstate, v_message = message_text, v_detail = pg_exception_detail,
                v_hint = pg_exception_hint, v_context = pg_exception_context,
                v_schema = schema_name, v_table = table_name, v_column = column_name,
                v_constraint = constraint_name;
            v_tries := v_tries + 1;
            if v_carries_on and v_together then
                -- level by level from now on: what can be copied is copied, and the error names its level
                v_together := false;
                v_step := 'more';
                continue;
            end if;
            v_step := 'wait';
            if v_tries = 3 or not _duplication.is_retryable(v_sqlstate) then
                v_error := _duplication.describe_error(
                    p_id, coalesce(p_level, _duplication.next_level(p_id)), v_sqlstate, v_message, v_detail, v_hint, v_context,
                    v_schema, v_table, v_column, v_constraint
                );
            end if;
        end;
        if v_step = 'more' then
            p_level := coalesce(p_level, _duplication.next_level(p_id));
            if _duplication.progress_is_due(v_reported_at) then
                v_reported_at := _duplication.report_progress(p_id, p_level);
            end if;
        end if;
        if v_step = 'done' and v_carries_on and p_next_level is not null then
            p_level := p_next_level;
            v_step := 'more';
        end if;
    end loop;
    p_done := v_step = 'done';
    if not p_done then
        p_next_level := _duplication.next_level(p_id);
    end if;
end;
$$;
comment on procedure duplication.duplicate_level (bigint, text, interval, boolean, text, boolean) is
'Work on one level of a duplication, step by step, each committed, until it is done or the budget is spent. Any number
of sessions may call it for the same level: they share its batches.

Parameters
  p_id: bigint, the duplication.
  p_level: text, the level; null for the one that it has come to.
  p_budget: interval, after which the call returns at the next step, or sooner when its worker is asked to stop; null,
    the default: when the level is done.
  p_done: boolean, out: whether the last level that it worked on is done.
  p_next_level: text, out: the level to be called next; null when the duplication is completed.
  p_carry_on: boolean, false by default: true goes on with the levels after it, as long as less than half of the budget
    is spent.
Returns: p_done, p_next_level.
Errors: UD002 (unknown level), UD003 (unknown duplication), UD006 (a level out of order), UD007 (the status does not
  allow it), UD008 (switched off), UD016 (a bad budget); what made the duplication fail, after it was recorded.
Commits: each step, so it has to be called outside of a transaction (else UD015).
Rights: EXECUTE, those of a worker in _duplication, and SELECT and INSERT on the tree''s tables.
Example: call duplication.duplicate_level(1, ''parts'', ''5 s'');';

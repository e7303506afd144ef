create or replace function _duplication.size_batch(
    p_last _duplication.batches, p_batch_rows integer, out rows integer, out reason text
)
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: how many rows the next batch of a level should have for its transaction to last settings.target_batch_ms: as many
--   as the last one copied in that time, at most twice and at least a quarter of what that aimed at (GitLab's batched
--   migrations are steered like that; smoother, since theirs run for days). Fewer to take turns with another session.
-- Parameters: p_last batch of the level, null if there is none; p_batch_rows, what to begin with.
-- Returns: rows; reason, for people.
declare
    v_target_ms integer;
    v_max_rows integer;
    v_ms numeric;
    v_share numeric;
begin
    select s.target_batch_ms, s.max_batch_rows into v_target_ms, v_max_rows from duplication.settings as s;
    if v_target_ms is null or p_last.target_rows is null then
        rows := p_batch_rows;
        reason := case when v_target_ms is null then 'batch_rows' else 'batch_rows to begin with' end;
        return;
    end if;
    v_ms := greatest(1, extract(epoch from p_last.ended_at - p_last.started_at) * 1000);
    v_share := _duplication.turn_share(p_last, v_target_ms);
    rows := least(
        v_max_rows,
        greatest(
            1, p_last.target_rows / 4,
            least(p_last.target_rows * 2, v_share * p_last.rows_planned / v_ms * v_target_ms)
        )
    );
    reason := format(
        '%s rows took %s ms, %s ms are wanted%s%s', p_last.rows_planned, round(v_ms), v_target_ms,
        case when v_share < 1 then format(', %s of it to take turns', v_share) end,
        case when rows = v_max_rows then ', max_batch_rows' end
    );
end;
$$;

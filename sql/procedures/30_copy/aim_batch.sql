create or replace function duplication.aim_batch(
    p_id bigint, p_level text, p_batch_rows integer, out rows integer, out reason text
)
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: how many rows the next batch of a level should have for its transaction to last settings.target_batch_ms: as many
--   as the last one copied in that time, at most twice and at least a quarter of what that aimed at (GitLab's batched
--   migrations are steered like that; smoother, since theirs run for days).
-- Parameters: p_id, p_level; p_batch_rows, what to begin with.
-- Returns: rows; reason, for people.
declare
    v_settings duplication.settings;
    v_last duplication.batches;
    v_ms numeric;
begin
    select s.* into v_settings from duplication.settings as s;
    select b.* into v_last
    from duplication.batches as b
    where b.duplication_id = p_id and b.level = p_level
    order by b.batch_no desc
    limit 1;
    if v_settings.target_batch_ms is null or v_last.aimed_rows is null then
        rows := p_batch_rows;
        reason := case when v_settings.target_batch_ms is null then 'batch_rows' else 'batch_rows to begin with' end;
        return;
    end if;
    v_ms := greatest(1, extract(epoch from v_last.ended_at - v_last.started_at) * 1000);
    rows := least(
        v_settings.max_batch_rows,
        greatest(
            1, v_last.aimed_rows / 4,
            least(v_last.aimed_rows * 2, v_last.rows_planned / v_ms * v_settings.target_batch_ms)
        )
    );
    reason := format(
        '%s rows took %s ms, %s ms are wanted%s', v_last.rows_planned, round(v_ms), v_settings.target_batch_ms,
        case when rows = v_settings.max_batch_rows then ', max_batch_rows' end
    );
end;
$$;

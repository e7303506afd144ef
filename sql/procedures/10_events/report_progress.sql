create or replace function _duplication.report_progress(p_id bigint, p_level text) returns timestamptz
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: tell the progress of a level on the feed and as a NOTICE, unless it was told within the last half second, by
--   this session or another. Before the level has started, there is only the NOTICE.
-- Parameters: p_id; p_level, of a started duplication.
-- Returns: when progress was last told. If it never was: when the level, or else the duplication, started.
-- Does not commit.
declare
    v_reported_at timestamptz := coalesce(
        (
            select e.created_at
            from duplication.events as e
            where e.duplication_id = p_id and e.type = 'duplication.progress' and e.payload ->> 'stage' = p_level
            order by e.id desc
            limit 1
        ),
        (select r.started_at from _duplication.level_runs as r where r.duplication_id = p_id and r.level = p_level),
        (select d.started_at from duplication.duplications as d where d.id = p_id)
    );
begin
    if _duplication.progress_is_due(v_reported_at) then
        perform
            case when p.started_at is not null
                then _duplication.emit_progress(p_id, p_level, p.rows_done, p.rows_planned) end,
            _duplication.raise_notice(concat(
                'duplication ', p_id, ': ', p_level,
                case when p.rows_planned > 0 then format(' %s of %s', p.rows_done, p.rows_planned) else ' being planned' end
            ))
        from duplication.progress as p
        where p.duplication_id = p_id and p.level = p_level;
        return clock_timestamp();
    end if;
    return v_reported_at;
end;
$$;

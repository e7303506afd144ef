-- Purpose: how far each duplication is, a row per level (one row without a level before it has started). Everything
-- that shows progress reads it. rows_done counts the planned rows of its batches, rows_copied the rows they inserted:
-- they differ by what the source lost or got meanwhile. Batches that were purged count as well.
create or replace view duplication.progress as
select
    d.id as duplication_id,
    d.tree,
    d.root_key,
    d.new_root_key,
    d.status,
    r.level,
    r.ordinal,
    case
        when r.completed_at is not null then 'completed'
        when r.started_at is not null then 'in_progress'
        when r.planned_at is not null then 'planned'
        when r.level is not null then 'planning'
    end as level_status,
    r.rows_planned,
    b.rows_done,
    b.rows_copied,
    b.batches,
    r.started_at,
    r.completed_at
from duplication.duplications as d
left join _duplication.level_runs as r on d.id = r.duplication_id
cross join lateral (
    select
        (coalesce(r.purged_rows_planned, 0) + coalesce(sum(b.rows_planned), 0))::bigint as rows_done,
        (coalesce(r.purged_rows, 0) + coalesce(sum(b.rows), 0))::bigint as rows_copied,
        coalesce(r.purged_batches, 0) + count(*) as batches
    from _duplication.batches as b
    where b.duplication_id = r.duplication_id and b.level = r.level
) as b;
comment on view duplication.progress is
'How far each duplication is, a row per level. rows_done: planned rows of its batches; rows_copied: rows inserted.';

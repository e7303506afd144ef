-- Purpose: the source of everything that shows progress. A duplication that has not started has one row, without level.
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
'How far each duplication is, a row per level. Example: select * from duplication.progress where duplication_id = 1;';
comment on column duplication.progress.duplication_id is 'The duplication.';
comment on column duplication.progress.tree is 'Its tree.';
comment on column duplication.progress.root_key is 'Key of the original.';
comment on column duplication.progress.new_root_key is 'Key of the copy; null until its root is copied.';
comment on column duplication.progress.status is 'The status of the duplication.';
comment on column duplication.progress.level is
'The level; null before the duplication has started. A backfill is a level of its own.';
comment on column duplication.progress.ordinal is 'The place in the order of copying.';
comment on column duplication.progress.level_status is 'planning, planned, in_progress or completed.';
comment on column duplication.progress.rows_planned is 'How many rows of the level are planned so far.';
comment on column duplication.progress.rows_done is 'How many of the planned rows are done.';
comment on column duplication.progress.rows_copied is
'How many rows were inserted: fewer than rows_done if originals were missing.';
comment on column duplication.progress.batches is 'How many batches the level had, with those that were purged.';
comment on column duplication.progress.started_at is 'When the level started.';
comment on column duplication.progress.completed_at is 'When the level was completed.';

-- Purpose: the view for applications, a row for each duplication. Keys are text, since an application's tables may have
-- keys of any type.
create or replace view duplication.episode_duplications as
select
    d.id,
    d.root_key as episode_id,
    d.new_root_key as new_episode_id,
    d.status,
    case
        when d.traits ? 'whole' then 100.0
        else coalesce(round(100.0 * sum(p.rows_done) / nullif(sum(p.rows_planned), 0), 1), 0.0)
    end as progress,
    d.error ->> 'sqlstate' as error_code,
    d.error ->> 'message' as error_message,
    d.requested_by,
    d.requested_at,
    d.started_at,
    d.completed_at
from duplication.duplications as d
left join duplication.progress as p on d.id = p.duplication_id
where d.tree = 'episode'
group by d.id;
comment on view duplication.episode_duplications is
'Duplications of episodes, for applications. Example: select * from duplication.episode_duplications where id = 1;';
comment on column duplication.episode_duplications.id is 'The duplication.';
comment on column duplication.episode_duplications.episode_id is 'Key of the original.';
comment on column duplication.episode_duplications.new_episode_id is 'Key of the copy; null until its root is copied.';
comment on column duplication.episode_duplications.status is 'The status of the duplication.';
comment on column duplication.episode_duplications.progress is 'Rows done, in per cent of the rows planned so far.';
comment on column duplication.episode_duplications.error_code is 'The SQLSTATE, if it failed.';
comment on column duplication.episode_duplications.error_message is 'The error message, if it failed.';
comment on column duplication.episode_duplications.requested_by is 'The role that requested the duplication.';
comment on column duplication.episode_duplications.requested_at is 'When the duplication was requested.';
comment on column duplication.episode_duplications.started_at is 'When work on the duplication first began.';
comment on column duplication.episode_duplications.completed_at is 'When the copy was complete.';

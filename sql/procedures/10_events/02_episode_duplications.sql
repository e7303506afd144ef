-- Purpose: what an application reads about its duplications of episodes, a row each. Keys are text, since an
-- application's episodes may have keys of any type; progress is a percentage of the rows planned.
create or replace view duplication.episode_duplications as
select
    d.id,
    d.root_key as episode_id,
    d.new_root_key as new_episode_id,
    d.status,
    case
        when d.status = 'completed' then 100.0
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
comment on view duplication.episode_duplications is 'Duplications of episodes, for applications; progress in per cent.';

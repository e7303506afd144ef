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
        else coalesce(round(100.0 * p.rows_done / nullif(p.rows_planned, 0), 1), 0.0)
    end as progress,
    d.error ->> 'sqlstate' as error_code,
    d.error ->> 'message' as error_message,
    d.requested_by,
    d.requested_at,
    d.started_at,
    d.completed_at
from duplication.duplications as d
cross join lateral (
    select
        sum(p.rows_done) as rows_done,
        sum(p.rows_planned) as rows_planned
    from duplication.progress as p
    where p.duplication_id = d.id
) as p
where d.tree = 'episode';

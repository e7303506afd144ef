create or replace function duplication.start_duplication(p_id bigint) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: pending → in_progress. A retried one keeps the levels it has; their columns are read anew.
-- Parameters: p_id.
-- Locks: the duplication's row, until commit. Does not commit.
declare
    v_duplication duplication.duplications;
begin
    update duplication.duplications as d
    set status = 'in_progress', started_at = coalesce(d.started_at, clock_timestamp())
    where d.id = p_id and d.status = 'pending'
    returning d.* into v_duplication;
    if not found then
        return;
    end if;
    insert into duplication.level_runs (
        duplication_id, level, ordinal, mapped, refers_to_itself, late_columns, relinks
    )
    select
        p_id, r.level, row_number() over (order by r.relinks is not null, o.ordinal), o.mapped,
        r.relinks is null and o.refers_to_itself, o.late_columns, r.relinks
    from duplication.copy_order(v_duplication.tree) as o
    cross join lateral (
        select o.level, null as relinks
        union all
        select 'relink ' || o.level, o.level where o.late_columns <> '{}'
    ) as r
    where not exists (select from duplication.level_runs as r where r.duplication_id = p_id);
    insert into duplication.edge_runs (duplication_id, level, parent_level, column_name)
    select p_id, e.level, e.parent_level, e.column_name
    from duplication.edges as e
    -- an edge between levels that the root does not reach is refused when planning begins
    inner join duplication.level_runs as r on r.duplication_id = p_id and r.level = e.parent_level
    where e.tree = v_duplication.tree
        and not exists (select from duplication.edge_runs as r where r.duplication_id = p_id);
    update duplication.level_runs as r
    set started_at = null
    where r.duplication_id = p_id and r.completed_at is null;
    perform duplication.emit_event(
        p_id, 'duplication.started', jsonb_build_object('id', p_id, 'startedAt', v_duplication.started_at)
    );
end;
$$;

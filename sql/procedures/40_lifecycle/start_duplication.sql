create or replace function duplication.start_duplication(p_id bigint) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: pending → in_progress. A retried one keeps the levels it has; their columns are read anew.
-- Parameters: p_id.
-- Errors: those of compile_tree.
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
    perform duplication.compile_tree(v_duplication.tree);
    if exists (select from duplication.level_runs as r where r.duplication_id = p_id) then
        perform duplication.restart_levels(p_id, v_duplication.tree);
    else
        insert into duplication.level_runs (
            duplication_id, level, ordinal, mapped, refers_to_itself, late_columns, relinks, relation, compiled_from,
            statement
        )
        select
            p_id, r.level, row_number() over (order by r.relinks is not null, c.ordinal), c.mapped,
            r.relinks is null and c.refers_to_itself, c.late_columns, r.relinks, c.relation, c.fingerprint, r.statement
        from duplication.compiled_levels as c
        cross join lateral (
            select c.level, null as relinks, c.copy_statement as statement
            union all
            select 'relink ' || c.level, c.level, c.link_statement where c.late_columns <> '{}'
        ) as r
        where c.tree = v_duplication.tree;
        insert into duplication.edge_runs (duplication_id, level, parent_level, column_name, carrier)
        select p_id, c.level, c.parent_level, c.column_name, c.carrier
        from duplication.compiled_edges as c
        where c.tree = v_duplication.tree;
    end if;
    perform duplication.emit_event(
        p_id, 'duplication.started', jsonb_build_object('id', p_id, 'startedAt', v_duplication.started_at)
    );
end;
$$;

create or replace function duplication.next_level(p_id bigint) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the level of the chain that is to be worked on.
-- Parameters: p_id.
-- Returns: the first level in copy order that is not done; null if all are.
-- Errors: UD003.
declare
    v_tree text := (duplication.find_duplication(p_id)).tree;
begin
    return (
        select o.level
        from duplication.copy_order(v_tree) as o
        where not exists (
            select from duplication.level_runs as r
            where r.duplication_id = p_id and r.level = o.level and r.completed_at is not null
        )
        order by o.ordinal
        limit 1
    );
end;
$$;

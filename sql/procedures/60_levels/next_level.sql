create or replace function _duplication.next_level(p_id bigint) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
set plan_cache_mode to force_generic_plan
as $$
-- Purpose: the level of the chain that is to be worked on.
-- Parameters: p_id.
-- Returns: the first level in copy order that is not done; null if all are.
-- Errors: UD003.
declare
    v_level text;
    v_tree text;
    v_root text;
begin
    v_level := (_duplication.next_run(p_id)).level;
    if v_level is not null or exists (select from _duplication.level_runs as r where r.duplication_id = p_id) then
        return v_level;
    end if;
    v_tree := (_duplication.find_duplication(p_id)).tree;
    v_root := _duplication.root_level(v_tree);
    -- without a foreign key to another level the root is first, and no order of the others is needed to know
    if not exists (
        select from duplication.levels as l
        inner join pg_constraint as f on f.contype = 'f'
            and f.conrelid = any(_duplication.table_and_partitions(to_regclass(l.relation)))
        inner join duplication.levels as t on t.tree = v_tree and t.name <> v_root
            and to_regclass(t.relation) in (f.confrelid, pg_partition_root(f.confrelid))
        where l.tree = v_tree and l.name = v_root
    ) then
        return v_root;
    end if;
    return (select o.level from _duplication.copy_order(v_tree) as o order by o.ordinal limit 1);
end;
$$;

create or replace function _duplication.lock_tree(p_tree text) returns regclass[]
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: find a tree's tables and keep their definitions unchanged, so that what is compiled from them is valid for
--   the whole transaction.
-- Parameters: p_tree. Returns: the tables, in the order of the levels' names.
-- Errors: UD010 if there is no such table.
-- Locks: ROW EXCLUSIVE on each table until commit, as an INSERT takes. A weaker lock would let others add foreign keys
--   and triggers. Does not commit.
declare
    v_relations regclass[] := array(
        select _duplication.resolve_relation(l.relation) from duplication.levels as l where l.tree = p_tree order by l.name
    );
    v_names text := (select string_agg(distinct r.name::text, ', ') from unnest(v_relations) as r (name));
begin
    if v_names is not null then
        execute format('lock table %s in row exclusive mode', v_names);
    end if;
    return v_relations;
end;
$$;

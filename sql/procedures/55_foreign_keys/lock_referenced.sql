create or replace function _duplication.lock_referenced(p_relation regclass) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: keep the tables that a table refers to under their names: no rename, no other table of that name. The check of
--   the keys finds these tables by name.
-- Parameters: p_relation, locked as lock_columns does.
-- Locks: ROW SHARE on the tables referred to, which the triggers take too, until commit. Does not commit.
declare
    v_target regclass;
    v_name text;
begin
    for v_target in select distinct c.confrelid from _duplication.enforced_keys(p_relation) as c order by 1
    loop
        loop
            v_name := v_target::text;
            begin
                execute format('lock table only %s in row share mode', v_name);
            exception when undefined_table then
                null;  -- renamed while it was waited for
            end;
            exit when to_regclass(v_name) = v_target;
        end loop;
    end loop;
end;
$$;

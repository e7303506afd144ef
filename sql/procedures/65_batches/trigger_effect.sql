create or replace function _duplication.trigger_effect(p_relation regclass) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: what the application's triggers and rules do with a row that is inserted into a table.
-- Parameters: p_relation, partitioned or not.
-- Returns: 'alters', if it can become another row, or none: by a BEFORE ROW trigger or a rule; 'runs', if others run; 'none'.
begin
    return (
        select case
            when bool_or(t.tgtype & 3 = 3) or exists (
                select from pg_rewrite as r where r.ev_class = p_relation and r.ev_type = '3'
            ) then 'alters'
            when count(*) > 0 then 'runs'
            else 'none' end
        from pg_trigger as t
        where t.tgrelid = any(_duplication.table_and_partitions(p_relation))
            -- bits of tgtype: 1 for each row, 2 before, 4 insert
            and t.tgtype & 4 = 4 and not t.tgisinternal and t.tgenabled <> 'D'
    );
end;
$$;

create or replace function _duplication.purge_plan(p_id bigint, p_number bigint) returns bigint
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: delete a batch of a duplication's plan. The first call deletes the batches and pieces, too, so that nothing
--   takes the rest of the plan for the whole; the last call marks the duplication as purged.
-- Parameters: p_id, a duplication that is over; p_number, the last row of its plan deleted before, null for none.
-- Returns: the last row deleted, null if none is left.
-- Locks: the rows, until commit. Does not commit.
declare
    v_number bigint := coalesce(p_number, 0);
    v_left bigint := (select s.batch_rows from duplication.settings as s);
    v_deleted bigint;
    v_run record;
    v_first bigint;
begin
    if p_number is null then
        perform _duplication.purge_batches(p_id);
    end if;
    for v_run in
        select r.first_number, _duplication.first_number(r.id + 1) - 1 as last_number
        from _duplication.level_runs as r
        where r.duplication_id = p_id and _duplication.first_number(r.id + 1) - 1 > v_number
        order by r.first_number
    loop
        v_number := greatest(v_number, v_run.first_number - 1);
        loop
            select m.number into v_first
            from _duplication.id_map as m
            where m.number > v_number and m.number <= v_run.last_number
            order by m.number
            limit 1;
            exit when not found;
            if v_left = 0 then
                return v_number;
            end if;
            v_number := least(v_first + v_left - 1, v_run.last_number);
            delete from _duplication.id_map as m where m.number between v_first and v_number;
            get diagnostics v_deleted = row_count;
            v_left := v_left - v_deleted;
        end loop;
    end loop;
    update duplication.duplications as d
    set purged_at = clock_timestamp()
    where d.id = p_id;
    return null;
end;
$$;

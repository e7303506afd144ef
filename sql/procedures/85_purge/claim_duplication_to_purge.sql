create or replace function _duplication.claim_duplication_to_purge(p_id bigint) returns bigint
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: lock the duplication to purge: the one of the batch before, until it is marked purged; else the next one
--   that is old and that no other session has locked, for example to discard it.
-- Parameters: p_id, the duplication of the batch before; null for none.
-- Returns: the id of the duplication to purge; null if there is none.
-- Locks: the duplication's row, until commit. Does not commit.
declare
    v_after bigint;
    v_next bigint;
    v_taken bigint;
begin
    select d.id into v_taken
    from duplication.duplications as d
    -- the CASE keeps the planner off the partial indexes: PostgreSQL 15 read all of one for a single id
    where d.id = p_id and case when d.traits ? 'over' then d.purged_at is null end
    for no key update skip locked;
    -- search behind the last one first: claim_pieces says why
    foreach v_after in array array[p_id, null] loop
        while v_taken is null loop
            v_next := _duplication.next_to_purge(v_after);
            exit when v_next is null;
            select d.id into v_taken
            from duplication.duplications as d
            where d.id = v_next and case when d.traits ? 'over' then d.purged_at is null end
            for no key update skip locked;
            v_after := v_next;
        end loop;
    end loop;
    return v_taken;
end;
$$;

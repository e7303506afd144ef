create or replace function _duplication.claim_duplication_to_purge(p_id bigint) returns bigint
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: take the duplication to purge: the one that was purged last, while something of it is left, or the next that is
--   old and that nobody is about to discard.
-- Parameters: p_id, the one purged last; null for none.
-- Returns: its id, null if there is none.
-- Locks: the duplication's row, until commit. Does not commit.
declare
    v_after bigint;
    v_next bigint;
    v_taken bigint;
begin
    select d.id into v_taken
    from duplication.duplications as d
    -- so written, no partial index fits: 15 read all of one for a single id
    where d.id = p_id and case when d.traits ? 'over' then d.purged_at is null end
    for no key update skip locked;
    -- behind the last one first, for the reason that claim_pieces gives
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

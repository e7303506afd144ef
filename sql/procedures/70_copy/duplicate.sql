create or replace procedure duplication.duplicate(
    p_tree text,
    p_key text,
    inout p_id bigint default null,
    inout p_new_key text default null
)
language plpgsql
as $$
-- Purpose: a whole copy, now, batch by batch. Interrupted and called again, it goes on where it stopped; called in
--   several sessions at once, they share the work.
-- Parameters: p_tree; p_key of the root to copy; p_id, a duplication to go on with (default: the unfinished one of this
--   root that a caller drives, or a new one).
-- Returns: p_id, and p_new_key of the copy's root.
-- Errors: those of open_duplication and duplicate_level.
-- COMMITS, as duplicate_level does.
declare
    v_done boolean;
    v_next_level text;
begin
    call _duplication.check_outside_transaction();
    commit;
    set transaction isolation level read committed;
    set local search_path to pg_catalog, pg_temp;
    p_id := _duplication.open_duplication(p_tree, p_key, p_id);
    call duplication.duplicate_level(p_id, null, null, v_done, v_next_level, true);
    select d.new_root_key into p_new_key from duplication.duplications as d where d.id = p_id;
end;
$$;
comment on procedure duplication.duplicate is
'A whole copy, now: call duplication.duplicate(''episode'', ''42''). Called again, it goes on where it stopped.';

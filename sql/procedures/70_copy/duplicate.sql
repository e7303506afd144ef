create or replace procedure duplication.duplicate(
    p_tree text,
    p_key text,
    inout p_id bigint default null,
    inout p_new_key text default null
)
language plpgsql
as $$
-- Commits as duplicate_level does: see there for what that forbids.
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
comment on procedure duplication.duplicate (text, text, bigint, text) is
'Make a whole copy, now, batch by batch. Interrupted and called again, it goes on where it stopped; called in several
sessions at once, they share the work.

Parameters
  p_tree: text, the tree.
  p_key: text, the key of the root to copy, as its type writes it.
  p_id: bigint, in and out: a duplication to go on with; null, the default: the unfinished one of this root that was
    begun by such a call, or a new one. Out: the duplication''s id.
  p_new_key: text, out: the key of the copy''s root.
Returns: p_id, p_new_key.
Errors: UD001 (unknown tree), UD003 (unknown duplication), UD004 (no such root), UD005 (not a key of the root''s type),
  UD010 (the tree does not fit the catalog), UD016 (p_id is of another root), and those of duplicate_level.
Commits: each batch, so it has to be called outside of a transaction (else UD015).
Rights: EXECUTE, those of a worker in _duplication, and SELECT and INSERT on the tree''s tables.
Example: call duplication.duplicate(''episode'', ''42'');';

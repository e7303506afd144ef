create or replace function duplication.duplicate_atomically(
    p_tree text, p_key text, p_options jsonb default '{}'
) returns text
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Locks: those of advance_level, until commit.
declare
    -- each step changes these for its transaction; the caller gets its own values back
    v_lock_timeout text := current_setting('lock_timeout');
    v_synchronous_commit text := current_setting('synchronous_commit');
    v_root duplication.levels := _duplication.find_root(p_tree);
    v_duplication record;
    v_known duplication.duplications;
    v_level text;
begin
    if current_setting('transaction_isolation') in ('read committed', 'read uncommitted') then
        raise notice 'each statement sees the source as it is then; for a copy of one moment: '
            'begin isolation level repeatable read';
    end if;
    select c.* into v_duplication
    from _duplication.create_duplication(v_root, _duplication.canonical_key(v_root, p_key), p_options, 'caller') as c;
    v_known := _duplication.find_duplication(v_duplication.id);
    if not v_duplication.is_new and not v_known.traits ? 'whole' then
        raise exception using
            errcode = 'UD016',
            message = format('duplication %s has this idempotency key and is %s', v_duplication.id, v_known.status),
            hint = 'Go on with that one, or use a new key.';
    end if;
    loop
        v_level := _duplication.next_level(v_duplication.id);
        exit when v_level is null;
        perform _duplication.advance_level(v_duplication.id, v_level);
    end loop;
    perform set_config('lock_timeout', v_lock_timeout, true);
    perform set_config('synchronous_commit', v_synchronous_commit, true);
    return (_duplication.find_duplication(v_duplication.id)).new_root_key;
end;
$$;
comment on function duplication.duplicate_atomically(text, text, jsonb) is
'Make a whole copy in your own transaction, all or nothing, for trees that fit one. In a REPEATABLE READ transaction it
is of one moment; else a NOTICE says that it is not.

Parameters
  p_tree: text, the tree.
  p_key: text, the key of the root to copy, as its type writes it.
  p_options: jsonb, an object, {} by default: as in request_duplication.
Returns: text, the key of the copy''s root.
Errors: those of request_duplication and duplicate_level; UD016 also if the idempotency key is of a copy that is not
  completed.
Commits: no.
Rights: EXECUTE, those of a worker in _duplication, and SELECT and INSERT on the tree''s tables.
Example: select duplication.duplicate_atomically(''episode'', ''42'');';

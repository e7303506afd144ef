create or replace function _duplication.open_duplication(
    p_tree text, p_key text, p_id bigint default null
) returns bigint
language plpgsql
set search_path to pg_catalog, pg_temp
set plan_cache_mode to force_generic_plan
as $$
-- Purpose: the active duplication of a root that a caller drives, or a new one. So an interrupted copy goes on, and
--   several sessions that call at once share one copy.
-- Parameters: p_tree; p_key of the root; p_id, a duplication of this root to continue, whoever drives it.
-- Returns: the duplication's id.
-- Errors: UD001, UD003, UD004, UD005, UD010; UD016 if p_id is of another root.
-- Locks: an advisory lock on the root, until commit. Does not commit.
declare
    v_root duplication.levels := _duplication.find_root(p_tree);
    v_key text := _duplication.canonical_key(v_root, p_key);
    v_id bigint;
    v_given duplication.duplications;
begin
    if p_id is not null then
        v_given := _duplication.find_duplication(p_id);
        if (v_given.tree, v_given.root_key) <> (p_tree, v_key) then
            raise exception using
                errcode = 'UD016',
                message = format(
                    'duplication %s is of %s %s, not of %s %s', p_id, v_given.tree, v_given.root_key, p_tree, v_key
                ),
                hint = 'Leave the id out, or give the tree and the key it was made for.';
        end if;
        return p_id;
    end if;
    perform pg_advisory_xact_lock(_duplication.lock_key('root', p_tree, v_key));
    select max(d.id) into v_id
    from duplication.duplications as d
    where d.tree = p_tree and d.root_key = v_key and d.driven_by = 'caller' and d.traits ? 'active';
    return coalesce(v_id, (_duplication.create_duplication(v_root, v_key, '{}', 'caller')).id);
end;
$$;

create or replace function _duplication.create_duplication(
    p_root duplication.levels, p_key text, p_options jsonb, p_driven_by text, out id bigint, out is_new boolean
)
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: record a new duplication as pending.
-- Parameters: p_root, the tree's root level; p_key of the root, from canonical_key; p_options as in
--   request_duplication; p_driven_by, 'queue' or 'caller'.
-- Returns: its id. If an earlier request had the same idempotency key: that duplication's id, and is_new is false.
-- Errors: UD004, UD010, UD016.
-- Locks: waits for a transaction that makes a request with the same idempotency key. Does not commit.
declare
    v_id bigint;
    v_known duplication.duplications;
begin
    if p_options is distinct from '{}' then
        perform _duplication.check_options(p_root.tree, p_options);
    end if;
    perform _duplication.check_root(p_root, p_key);
    insert into duplication.duplications as d (tree, root_key, options, driven_by)
    values (p_root.tree, p_key, p_options, p_driven_by)
    on conflict (tree, (options ->> 'idempotency_key')) do nothing
    returning d.id into v_id;
    id := v_id;
    is_new := id is not null;
    if is_new then
        perform _duplication.emit_event(
            id, 'duplication.requested', jsonb_build_object('id', id, 'tree', p_root.tree, 'key', p_key)
        );
        return;
    end if;

    select d.* into v_known
    from duplication.duplications as d
    where d.tree = p_root.tree and d.options ->> 'idempotency_key' = p_options ->> 'idempotency_key';
    if v_known.root_key is distinct from p_key then
        raise exception using
            errcode = 'UD016',
            message = format(
                'idempotency key %L was used for %s %s before', p_options ->> 'idempotency_key', p_root.tree, v_known.root_key
            ),
            hint = 'Use a new idempotency key for each request that is not a repetition.';
    end if;
    id := v_known.id;
end;
$$;

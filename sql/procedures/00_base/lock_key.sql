create or replace function _duplication.lock_key(p_subject text, variadic p_names text[] default '{}') returns bigint
language sql immutable parallel safe
as $$
    -- Purpose: the key of an advisory lock. It is hashed from a list of names: the application has its own keys, and no
    --   name must be taken for another (a tree may be called start). No SET clause: the planner inlines it.
    -- Parameters: p_subject and p_names, one of these:
    --   duplication, its id: held by a batch and a step, shared (advance_level), and by discard_batch, exclusive;
    --   start, a duplication's id: held while its runs are created (create_level_runs);
    --   root, a tree, a key: held to open a copy of that root, so that two sessions open only one (open_duplication);
    --   attempts: held while an attempt begins, so that what the gates counted still holds (begin_attempt);
    --   dispatch: held while jobs are sent (dispatch_jobs), or the database becomes another installation (adopt);
    --   purge: held by a purge (purge_batch).
    --   sql/migrations/begin.sql has one more as a literal: a migration needs it before this function exists.
    -- Returns: a 64-bit key.
    select pg_catalog.hash_array_extended(
        pg_catalog.array_cat(array['duplication', p_subject], p_names) collate "C", 0
    );
$$;

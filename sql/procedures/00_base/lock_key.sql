create or replace function _duplication.lock_key(p_subject text, variadic p_names text[] default '{}') returns bigint
language sql immutable parallel safe
as $$
    -- Purpose: the key of an advisory lock. Hashed from a list of names, since the application shares the key space, and so that
    --   no name can be taken for another: a tree may be called start. No SET clause: the planner inlines it.
    -- Parameters: p_subject and p_names, one of these:
    --   duplication, its id: a batch and a step hold it shared (advance_level), discard_batch exclusively;
    --   start, a duplication's id: who gives it its levels (create_level_runs);
    --   root, a tree, a key: who opens a copy of that root, to find one that another session opens (open_duplication);
    --   attempts: who begins an attempt, so that what the gates count holds (begin_attempt);
    --   dispatch: who sends jobs (dispatch_jobs), or makes the database another installation (adopt);
    --   purge: who purges (purge_batch).
    --   One more is taken before there is this function: sql/migrations/env.py has it as a literal.
    -- Returns: a 64-bit key.
    select pg_catalog.hash_array_extended(
        pg_catalog.array_cat(array['duplication', p_subject], p_names) collate "C", 0
    );
$$;

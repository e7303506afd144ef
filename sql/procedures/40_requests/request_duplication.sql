create or replace function duplication.request_duplication(
    p_tree text, p_key text, p_options jsonb default '{}'
) returns bigint
language sql
-- an application needs no rights on the engine's tables
security definer
set search_path to pg_catalog, pg_temp
set plan_cache_mode to force_generic_plan
as $$
    -- Purpose: ask for a copy, in the caller's own transaction: once that commits, a worker makes it.
    -- Parameters: p_tree; p_key of the root to copy; p_options: idempotency_key (a repetition returns the same id),
    --   overrides (column → value of the new root), trace (context of the caller's trace).
    -- Returns: the duplication's id.
    -- Errors: UD001, UD004, UD005, UD010, UD016. Does not commit.
    select c.id
    from _duplication.find_root(p_tree) as r
    cross join lateral _duplication.create_duplication(r, _duplication.canonical_key(r, p_key), p_options, 'queue') as c;
$$;
comment on function duplication.request_duplication is
'Ask for a copy, in your own transaction: select duplication.request_duplication(''episode'', ''42'').';

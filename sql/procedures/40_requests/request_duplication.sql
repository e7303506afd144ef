create or replace function duplication.request_duplication(
    p_tree text, p_key text, p_options jsonb default '{}'
) returns bigint
language sql
-- an application needs no rights on the engine's tables
security definer
set search_path to pg_catalog, pg_temp
set plan_cache_mode to force_generic_plan
as $$
    -- One SQL statement, since PL/pgSQL would take longer and an application waits for it.
    select c.id
    from _duplication.find_root(p_tree) as r
    cross join lateral _duplication.create_duplication(r, _duplication.canonical_key(r, p_key), p_options, 'queue') as c;
$$;
comment on function duplication.request_duplication(text, text, jsonb) is
'Request a copy in your own transaction. After the commit, a worker makes the copy.

Parameters
  p_tree: text, the tree.
  p_key: text, the key of the root to copy, as its type writes it.
  p_options: jsonb, an object, {} by default, with
    idempotency_key: text, up to 255 characters; a second request with the same key returns the same id.
    overrides: an object, column → value of the new root.
    trace: an object, the context of the caller''s trace: traceparent, tracestate.
Returns: bigint, the duplication''s id.
Errors: UD001 (unknown tree), UD004 (no such root), UD005 (not a key of the root''s type), UD010 (the tree does not fit
  the catalog), UD016 (a bad option).
Commits: no.
Rights: EXECUTE; it runs with its owner''s rights, so an application needs nothing else.
Example: select duplication.request_duplication(''episode'', ''42'', ''{"overrides": {"title": "Pilot (copy)"}}'');';

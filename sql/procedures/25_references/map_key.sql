create or replace function duplication.map_key(p_id bigint, p_level text, p_key text) returns text
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: what a key of the source becomes in the copy, for ids within a document or a text: for rules that set.
    -- Parameters: p_id, a duplication; p_level; p_key, a row's key as its type writes it.
    -- Returns: the new key; null if the row is not in the copy.
    select m.new_key
    from _duplication.id_map as m
    where m.run = (select _duplication.find_run_id(p_id, p_level)) and m.orig_key = p_key collate "C" and not m.missing;
$$;
comment on function duplication.map_key is 'What a key of the source becomes in the copy, for rules that set.';

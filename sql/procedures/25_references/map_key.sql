create or replace function duplication.map_key(p_id bigint, p_level text, p_key text) returns text
language sql stable
set search_path to pg_catalog, pg_temp
as $$
    -- This function reads one row of id_map, by its index.
    select m.new_key
    from _duplication.id_map as m
    where m.run = (select _duplication.find_run_id(p_id, p_level)) and m.orig_key = p_key collate "C" and not m.missing;
$$;
comment on function duplication.map_key(bigint, text, text) is
'The new key of a row of the source. For rules (duplication.column_rules) that set a column whose value has
keys inside, such as a document.

Parameters
  p_id: bigint, the duplication; in a rule, copy.duplication_id.
  p_level: text, the level that the key is of.
  p_key: text, a row''s key as its type writes it.
Returns: text, the new key; null if the row is not in the copy.
Errors: none.
Commits: no.
Rights: EXECUTE, and SELECT on the tables of _duplication: those of a worker.
Example: select duplication.map_key(1, ''parts'', ''42'');';

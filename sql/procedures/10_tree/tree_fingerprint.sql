create or replace function duplication.tree_fingerprint(p_tree text, p_relations regclass[]) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: one value for all that a compiled tree is made from: its definition, its tables, this engine.
-- Parameters: p_tree; p_relations, its tables. Returns: an md5.
begin
    return md5(concat_ws(
        '|',
        (select t::text from duplication.trees as t where t.name = p_tree),
        (select string_agg(l::text, ',' order by l.name) from duplication.levels as l where l.tree = p_tree),
        (select string_agg(e::text, ',' order by e::text) from duplication.edges as e where e.tree = p_tree),
        (select string_agg(r::text, ',' order by r::text) from duplication.column_rules as r where r.tree = p_tree),
        duplication.relation_fingerprint(variadic p_relations),
        -- a migration replaces all routines in one transaction
        (select p.xmin from pg_proc as p where p.oid = 'duplication.compile_tree(text)'::regprocedure)
    ));
end;
$$;

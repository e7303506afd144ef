create or replace function _duplication.tree_fingerprint(p_tree text, p_relations regclass[]) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: a fingerprint of everything that a tree is compiled from: its definition, its tables, this engine.
-- Parameters: p_tree; p_relations, its tables. Returns: an md5.
begin
    return md5(concat_ws(
        '|',
        (select concat(t.xmin, t.ctid) from duplication.trees as t where t.name = p_tree),
        (select string_agg(concat(l.xmin, l.ctid), ',' order by l.ctid) from duplication.levels as l where l.tree = p_tree),
        (select string_agg(concat(e.xmin, e.ctid), ',' order by e.ctid) from duplication.edges as e where e.tree = p_tree),
        (select string_agg(concat(r.xmin, r.ctid), ',' order by r.ctid) from duplication.column_rules as r where r.tree = p_tree),
        _duplication.relation_fingerprint(variadic p_relations),
        -- a migration replaces all routines in one transaction, so this one stands for the engine
        (select concat(p.xmin, p.ctid) from pg_proc as p where p.oid = '_duplication.tree_fingerprint(text, regclass[])'::regprocedure)
    ));
end;
$$;

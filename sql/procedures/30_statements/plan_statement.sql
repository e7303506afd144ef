create or replace function _duplication.plan_statement(
    p_edge duplication.edges, p_looks_again boolean default true
) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the SQL with which a step of planning follows an edge to a mapped level. It gives each row that the edge
--   reaches its number in plan order and its new key.
-- Parameters: p_edge; p_looks_again: leave out rows that are planned already. If false, they are a unique violation.
-- Returns: one INSERT, with parameters as plan_rows gives them. It is fenced like source_clause.
-- Errors: those of resolve_level.
declare
    v_level _duplication.resolved_level := _duplication.resolve_level(p_edge.tree, p_edge.level);
begin
    return _duplication.fill_sql(
        $sql$
insert into _duplication.id_map (number, orig_key, new_key)
select $3 + c.number, c.orig_key, {new_key}
from (
    select
        row_number() over (order by c.parent_number, c.key) as number, {orig_key} as orig_key,
        c.parent_new_key
    from (
        select {each_once} m.number as parent_number, m.new_key as parent_new_key, s.{"key"} as key
        from (
            select p.number, p.orig_key, p.new_key from _duplication.id_map as p
            where p.number between $4 and $5
            order by p.number
        ) as m
        {edge_join}
        {unless_planned}
        {by_first_parent}
    ) as c
) as c
$sql$,
        'new_key', case when _duplication.shares_key(p_edge) then 'c.parent_new_key' else v_level.new_key end,
        'orig_key', _duplication.key_text('c', 'key'),
        'key', v_level.key_column, 'edge_join', _duplication.edge_join(p_edge),
        'each_once', case when p_edge.kind = 'owned'
            then _duplication.fill_sql('distinct on (s.{"key"})', 'key', v_level.key_column) end,
        'by_first_parent', case when p_edge.kind = 'owned'
            then _duplication.fill_sql('order by s.{"key"}, m.number', 'key', v_level.key_column) end,
        -- the row may be planned already: by another edge, or below a parent that it has left since
        'unless_planned', case when p_looks_again then _duplication.fill_sql(
            $sql$
left join lateral (
    select true as is_planned from _duplication.id_map as x
    where x.run = (select _duplication.find_run_id($1, $2)) and x.orig_key = {key_text}
    offset 0
) as x on true
where x.is_planned is null
$sql$,
            'key_text', _duplication.key_text('s', v_level.key_column)
        ) end
    );
end;
$$;

create or replace function _duplication.report_dropped_references(
    p_tree text, p_run _duplication.level_runs, p_range_of text, p_first_number bigint, p_last_number bigint
) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: name the references of a batch that became null, by rule, since their target is not in the copy.
-- Parameters: p_tree; p_run, the level's run; p_range_of, p_first_number and p_last_number of the batch.
-- Does not commit.
declare
    v_level _duplication.resolved_level;
    v_reference record;
    v_lines text;
    v_rows bigint;
begin
    if not exists (
        select from duplication.column_rules as r
        where r.tree = p_tree and coalesce(r.level, p_run.level) = p_run.level and r.unmapped = 'null'
    ) then
        return;
    end if;
    v_level := _duplication.resolve_level(p_tree, p_run.level);
    for v_reference in
        select r.columns[1] as name, r.target_level, _duplication.fill_sql(
            $sql$
select count(*) as references, string_agg(d.line, ', ') filter (where d.nr <= 10) as lines
from (
    select
        format('%s refers to %s', {row_key}, k.key) as line, row_number() over (order by m.number) as nr
    {source_joins}
    cross join lateral (select k.key from {keys} as k (key)) as k
    where {condition}duplication.map_key($1, {'target_level'}, k.key) is null
        and _duplication.drops_reference($1, {'level'}, null, {'column'}, {'target_level'}, k.key, 'null')
) as d
$sql$,
            'row_key', coalesce(_duplication.key_text('s', v_level.key_column), quote_literal('a row')),
            'source_joins', _duplication.source_joins(p_tree, p_run.level, p_range_of),
            'keys', case
                when r.is_array then _duplication.fill_sql('unnest(s.{"column"}::text[])', 'column', r.columns[1])
                else '(values (' || _duplication.key_text('s', r.columns[1]) || '))'
            end,
            'condition', _duplication.row_expression(r.condition, 's') || ' and ',
            'level', p_run.level, 'column', r.columns[1], 'target_level', r.target_level
        ) as statement
        from _duplication.level_references(p_tree, p_run.level) as r
        where r.unmapped = 'null' and not r.by_row
    loop
        perform _duplication.use_tree_path(p_tree);
        execute v_reference.statement into v_rows, v_lines
        using p_run.duplication_id, p_first_number, p_last_number;
        if v_rows > 0 then
            perform _duplication.emit_feedback(
                p_run.duplication_id, p_run.level,
                format(
                    'Missing %s mapping; %s of %s became null: %s', (
                        select l.row_name from duplication.levels as l
                        where l.tree = p_tree and l.name = v_reference.target_level
                    ), v_reference.name, p_run.level, v_lines
                ),
                v_rows
            );
        end if;
    end loop;
end;
$$;

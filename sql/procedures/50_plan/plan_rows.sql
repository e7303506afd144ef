create or replace function _duplication.plan_rows(
    p_id bigint, p_tree text, p_level text, p_statement text, p_first_parent bigint, p_last_parent bigint
) returns bigint
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: plan the rows that an edge reaches one by one: give each its number in plan order and its new key.
-- Parameters: p_id; p_tree and p_level of the rows; p_statement, the edge's plan_statement; p_first_parent to
--   p_last_parent, of its carrier, by their numbers in plan order.
-- Returns: the rows planned.
-- Does not commit.
declare
    v_last bigint := _duplication.last_number(p_id, p_level);
    v_statement text := p_statement;
    v_careful text;
begin
    loop
        perform _duplication.use_tree_path(p_tree);
        begin
            execute _duplication.prepare_statement(
                v_statement, 'bigint, text, bigint, bigint, bigint', p_id::text, p_level, v_last::text,
                p_first_parent::text, p_last_parent::text
            );
            exit;
        exception when unique_violation then
            -- a row is planned already, since it moved to another parent meanwhile; levels with several edges look for such rows
            v_careful := (
                select case when count(*) = 1 then min(_duplication.plan_statement(e)) end
                from duplication.edges as e
                where e.tree = p_tree and e.level = p_level
            );
            if v_careful is null or v_careful = v_statement then
                raise;
            end if;
            v_statement := v_careful;
        end;
    end loop;
    -- numbers have no gaps
    return _duplication.last_number(p_id, p_level) - v_last;
end;
$$;

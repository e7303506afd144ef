create or replace function _duplication.run_checked(
    p_run _duplication.level_runs, p_statement text, p_search_path text, p_first_number bigint, p_last_number bigint
) returns bigint
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: run a copy's statement without the triggers that check foreign keys, then check each key for all rows at once. As
--   with the triggers, each row referred to exists and is locked, or it is an error. A session that deletes such a row waits
--   for this one, or this one waits for it.
-- Parameters: p_run, for which uses_set_checks is true; the rest as in run_statement.
-- Returns: the rows inserted; null if nothing was done, since a function that the statement calls wrote into another
--   table, whose triggers were off as well. The run then keeps that as its reason.
-- Errors: 23503, as the triggers raise it; whatever the content's constraints raise.
-- Locks: ROW SHARE on the tables referred to, FOR KEY SHARE on their rows, until commit. Does not commit.
declare
    v_relation regclass := p_run.relation;
    v_constraints oid[];
    v_columns text[];
    v_expected jsonb;
    v_done record;
begin
    perform _duplication.lock_referenced(v_relation);
    select array_agg(c.oid order by c.oid), array_agg(quote_ident(a.attname) order by c.oid)
    into v_constraints, v_columns
    from _duplication.enforced_keys(v_relation) as c
    inner join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = c.conkey[1];

    begin
        v_expected := _duplication.count_writes(v_relation);
        v_done := _duplication.run_untriggered(
            p_statement, v_columns, p_search_path, p_run.duplication_id, p_first_number, p_last_number
        );
        if v_done.rows > 0 then
            v_expected := v_expected || jsonb_build_object(
                v_relation::oid, coalesce((v_expected ->> v_relation::oid::text)::bigint, 0) + v_done.rows
            );
        end if;
        if _duplication.count_writes(v_relation) <> v_expected then
            -- rolls the insert back; the handler below is the only one to see this error
            raise triggered_action_exception;
        end if;
    exception when triggered_action_exception then
        perform _duplication.fall_back_to_triggers(p_run, 'a function that it calls writes, too');
        return null;
    end;

    for v_number in 1 .. cardinality(v_constraints) loop
        perform _duplication.check_references(v_constraints[v_number], v_done.keys[v_number]);
    end loop;
    return v_done.rows;
end;
$$;

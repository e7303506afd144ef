create or replace function duplication.run_checked(
    p_relation regclass, p_statement text, p_search_path text, p_id bigint, p_first_number bigint, p_last_number bigint
) returns bigint
language plpgsql
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: run a copy's statement without the triggers that check foreign keys, then check each key for all rows at once. As
--   with the triggers, what is referred to is locked and is there, or it is an error: who deletes it meanwhile waits, or has
--   been waited for.
-- Parameters: p_relation, for which per_row_reason has none; the rest as in run_statement.
-- Returns: the rows inserted.
-- Errors: 23503, as the triggers raise it; whatever the content's constraints raise.
-- Locks: FOR KEY SHARE on the rows referred to, until commit. Does not commit.
declare
    v_constraints oid[];
    v_columns text[];
    v_keys text[];
    v_rows bigint;
begin
    select array_agg(c.oid order by c.oid), array_agg(quote_ident(a.attname) order by c.oid)
    into v_constraints, v_columns
    from pg_constraint as c
    inner join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    where c.conrelid = p_relation and c.contype = 'f' and pg_get_constraintdef(c.oid) !~ 'NOT ENFORCED$';

    perform set_config('search_path', p_search_path, true);
    perform set_config('session_replication_role', 'replica', true);
    execute (
        select format(
            'with copied as (%s returning %s) select count(*), array[%s] from copied as c',
            p_statement,
            string_agg(format('%s as k%s', k.name, k.number), ', '),
            string_agg(
                format('(array_agg(distinct c.k%1$s) filter (where c.k%1$s is not null))::text', k.number), ', '
                order by k.number
            )
        )
        from unnest(v_columns) with ordinality as k (name, number)
    ) into v_rows, v_keys using p_id, p_first_number, p_last_number;
    perform set_config('session_replication_role', 'origin', true);

    for v_number in 1 .. cardinality(v_keys) loop
        perform duplication.check_references(v_constraints[v_number], v_keys[v_number]);
    end loop;
    return v_rows;
end;
$$;

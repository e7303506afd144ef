create or replace function _duplication.needs_one_batch(p_id bigint, p_level text) returns boolean
language plpgsql stable
set search_path to pg_catalog, pg_temp
set row_security to off
as $$
-- Purpose: whether rows of a planned level refer to each other by a column that cannot be null for a time, so that one
--   statement has to insert them all.
-- Parameters: p_id; p_level, which refers to itself or has columns that are filled late.
-- Errors: UD010 if a check constraint would refuse the temporary null of a column that waits for another level.
declare
    v_tree text := (_duplication.find_duplication(p_id)).tree;
    v_run _duplication.level_runs;
    v_references record;
    v_refused record;
    v_level _duplication.resolved_level;
    v_deferred text[];
begin
    select r.* into v_run from _duplication.level_runs as r where r.duplication_id = p_id and r.level = p_level;
    for v_references in
        select r.nullable, r.target_level
        from _duplication.level_references(v_tree, p_level) as r
        where r.is_checked and r.target_level = p_level
    loop
        if v_references.nullable = '{}' then
            return true;
        end if;
    end loop;
    if v_run.deferred_columns = '{}' then
        return false;
    end if;
    v_level := _duplication.resolve_level(v_tree, p_level);
    -- columns that wait for another level; if the level is copied in one batch, its other deferred columns need no wait
    v_deferred := array(
        select distinct c.name
        from _duplication.level_references(v_tree, p_level) as r
        cross join lateral unnest(r.nullable) as c (name)
        where r.target_level <> p_level and c.name = any(v_run.deferred_columns)
    );
    select c.* into v_refused from _duplication.refused_nulls(p_id, p_level, v_run.deferred_columns) as c limit 1;
    if not found then
        return false;
    end if;
    select c.* into v_refused from _duplication.refused_nulls(p_id, p_level, v_deferred) as c limit 1;
    if not found then
        return true;
    end if;
    raise exception using
        errcode = 'UD010',
        message = format(
            'constraint %s of %s would refuse a copy of %s %s', v_refused.constraint_name, v_level.relation,
            v_level.row_name, v_refused.orig_key
        ),
        detail = format(
            'Level %s is copied before what %s refers to, so it is null for a time.', p_level,
            array_to_string(v_deferred, ', ')
        ),
        hint = 'Let the constraint allow the null, or give the column a rule in duplication.column_rules.';
end;
$$;

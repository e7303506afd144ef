create or replace function duplication.check_columns(p_run duplication.level_runs) returns void
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: refuse to go on with a level whose table has other columns than when the level was started.
-- Parameters: p_run, the level's run.
-- Errors: UD012.
begin
    if duplication.column_fingerprint(p_run.relation::regclass) is distinct from p_run.fingerprint then
        raise exception using
            errcode = 'UD012',
            message = format('the columns of %s changed while level %s was being copied', p_run.relation, p_run.level),
            detail = 'Rows copied before the change lack what it added.',
            hint = format(
                'Discard duplication %s and request a new one, or retry it: the rest is then copied with the new columns.',
                p_run.duplication_id
            );
    end if;
end;
$$;

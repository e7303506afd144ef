create or replace function _duplication.lock_columns(p_run _duplication.level_runs) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: refuse to go on with a level whose table has other columns than when the level was started.
-- Parameters: p_run, of a level that has been started.
-- Errors: UD012.
-- Locks: ROW EXCLUSIVE on the table, which the INSERT takes anyway, until commit: the columns cannot change any more. Does
--   not commit.
begin
    execute format('lock table %s in row exclusive mode', p_run.relation);
    -- null for one that another session has started and finished meanwhile
    if _duplication.column_fingerprint(p_run.relation::regclass) <> p_run.fingerprint then
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

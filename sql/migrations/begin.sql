-- The beginning of every installation and upgrade, with alembic (env.py) or with the one file (tools/make_dist.py).
-- It reads the setting duplication.newest_version, and sets two more, all for this transaction only:
--   duplication.installed_version: the version of the engine that is there; empty where there is none.
--   duplication.routines: the rows of pg_proc of its routines; see sql/procedures/99_access/drop_leftovers.sql.
do $$
declare
    v_newest integer := nullif(current_setting('duplication.newest_version', true), '');
    v_installed integer;
    v_routines text;
begin
    if v_newest is null then
        raise exception 'the engine is installed in one transaction, or not at all'
            using errcode = 'no_active_sql_transaction', hint = 'psql: give it the option -1.';
    end if;
    -- Of two installations at once, the second waits here and then finds nothing left to do.
    perform pg_advisory_xact_lock(hashtextextended('duplication:migrate', 0));
    if to_regclass('duplication.alembic_version') is not null then
        raise exception 'the schema duplication holds an engine from before the first release, which cannot be upgraded'
            using errcode = 'object_not_in_prerequisite_state',
                hint = 'Finish its copies, then `drop schema duplication cascade` and install anew: the copies stay, '
                    'the record of how they were made does not.';
    end if;
    if to_regprocedure('duplication.version()') is not null then
        v_installed := duplication.version();
    end if;
    if v_installed > v_newest then
        raise exception 'the installed engine is of version %, newer than version %, which this would install',
            v_installed, v_newest
            using errcode = 'object_not_in_prerequisite_state', hint = 'Install a newer package or file.';
    end if;
    select array_agg(p.ctid)::text into v_routines
    from pg_catalog.pg_proc as p
    where p.pronamespace in (to_regnamespace('duplication'), to_regnamespace('_duplication'));
    perform
        set_config('duplication.installed_version', coalesce(v_installed::text, ''), true),
        set_config('duplication.routines', coalesce(v_routines, '{}'), true),
        -- A routine may call another one whose file comes later.
        set_config('check_function_bodies', 'off', true);
end
$$;

create or replace function duplication.load_signals(
    p_cpu_percent numeric default null
) returns table (signal text, value numeric, threshold numeric, unit text, problem text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Sessions with the caller's application_name are the driver's own, and not counted.
declare
    v_grant text := format('hidden: grant pg_monitor to %I', current_user);
    v_hidden text := case when not pg_has_role(current_user, 'pg_read_all_stats', 'usage') then v_grant end;
    v_archives boolean := current_setting('archive_mode') <> 'off';
    v_unlisted text := case
        when v_archives and not has_function_privilege('pg_ls_archive_statusdir()', 'execute') then v_grant
    end;
    v_active bigint;
    v_waiting bigint;
begin
    select count(*) filter (where a.state = 'active'), count(*) filter (where a.wait_event_type = 'Lock')
    into v_active, v_waiting
    -- the view pg_stat_activity is slower: it looks up names that are not needed here
    from pg_stat_get_activity(null) as a
    where a.backend_type = 'client backend' and a.pid <> pg_backend_pid()
        and a.application_name is distinct from nullif(current_setting('application_name'), '');
    return query
    select v.signal, case when v.problem is null then v.value end, v.threshold, v.unit, v.problem
    from duplication.settings as s
    cross join lateral (values
        (1, 'CPU', round(p_cpu_percent), s.max_cpu_percent, ' %', null),
        (
            2, 'replication lag',
            (select round(coalesce(max(date_part('epoch', r.replay_lag)), 0)::numeric) from pg_stat_get_wal_senders() as r),
            date_part('epoch', s.max_replication_lag)::numeric, ' s', v_hidden
        ),
        (3, 'active sessions', v_active, s.max_active_sessions, '', v_hidden),
        (4, 'sessions waiting for locks', v_waiting, s.max_waiting_sessions, '', v_hidden),
        (
            5, 'WAL segments to be archived',
            case
                when v_archives and v_unlisted is null
                    then (select count(*) from pg_ls_archive_statusdir() as f where f.name like '%.ready')
                else 0
            end,
            s.max_archive_backlog, '', v_unlisted
        )
    ) as v (ordinal, signal, value, threshold, unit, problem)
    order by v.ordinal;
end;
$$;
comment on function duplication.load_signals(numeric) is
'How busy the database is, with the thresholds of duplication.settings. While a value is over its threshold, jobs wait.

Parameters
  p_cpu_percent: numeric, the CPU of the database''s machine in percent; null, the default, if it is not known.
Returns: a row per signal: signal, value (null if it cannot be had), threshold (null where the signal is not looked at),
  unit, problem (why the value cannot be had).
Errors: none.
Commits: no.
Rights: EXECUTE, SELECT on duplication.settings; without pg_monitor some signals are hidden, and problem says so.
Example: select * from duplication.load_signals();';

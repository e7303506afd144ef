create or replace function _duplication.check_admission(
    p_cpu_percent numeric,
    out reason text,
    out wait interval,
    out gate text
)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the gates 'flag' and 'load': whether any job may run now.
-- Parameters: p_cpu_percent of the database's machine, null if it is not known.
-- Returns: the reason to wait, and how long; gate, 'flag' or 'load'; all null if both gates are open.
declare
    v_settings duplication.settings;
begin
    select s.* into v_settings from duplication.settings as s;
    if not v_settings.enabled then
        reason := 'duplication is switched off';
        wait := v_settings.disabled_wait;
        gate := 'flag';
        return;
    end if;
    reason := (
        select format('%s %s > %s', l.signal, l.value || l.unit, l.threshold || l.unit)
        from duplication.load_signals(p_cpu_percent) as l
        where l.value > l.threshold
        limit 1
    );
    if reason is not null then
        wait := v_settings.load_wait;
        gate := 'load';
    end if;
end;
$$;

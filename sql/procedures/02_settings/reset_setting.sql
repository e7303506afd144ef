create or replace function duplication.reset_setting(p_name text) returns void
language plpgsql
-- for the same reason as store_settings
security definer
set search_path to pg_catalog, pg_temp
as $$
declare
    v_names text[] := array(
        select a.attname
        from pg_attribute as a
        where a.attrelid = 'duplication.settings'::regclass and a.attnum > 0 and not a.attisdropped
        order by a.attnum
    );
begin
    if p_name is null or p_name <> all(v_names) then
        raise exception using
            errcode = 'UD016',
            message = format('there is no setting %L', p_name),
            hint = format('There are: %s.', array_to_string(v_names, ', '));
    end if;
    execute format(
        'update _duplication.stored_settings set %I = null, switched_off = array_remove(switched_off, $1)', p_name
    ) using p_name;
end;
$$;
comment on function duplication.reset_setting(text) is
'Return a setting to its default. After an upgrade it follows the default of the new version.

Parameters
  p_name: text, a column of duplication.settings.
Returns: nothing.
Errors: UD016 (unknown setting; the hint lists all settings).
Commits: no.
Rights: EXECUTE; it runs with its owner''s rights.
Example: select duplication.reset_setting(''max_active'');';

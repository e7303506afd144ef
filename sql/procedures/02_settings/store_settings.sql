create or replace function _duplication.store_settings() returns trigger
language plpgsql
-- so that a role that may update the view needs no rights on its table
security definer
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: store only what an UPDATE of duplication.settings changes, so that the other settings follow their defaults.
-- Errors: 23514 with the name of the check that refuses the value; 55000 for INSERT and DELETE.
declare
    v_changed text[];
    v_off text[];
begin
    if tg_op <> 'UPDATE' then
        raise object_not_in_prerequisite_state using
            message = 'duplication.settings is one row, which is neither inserted nor deleted',
            hint = 'Update it. To have a default again: select duplication.reset_setting(''max_active'').';
    end if;
    select array_agg(n.key), coalesce(array_agg(n.key) filter (where n.value = 'null'), '{}')
    into v_changed, v_off
    from jsonb_each(to_jsonb(new)) as n
    where n.value <> to_jsonb(old) -> n.key;
    if v_changed is not null then
        execute format(
            'update _duplication.stored_settings as s
            set %s, switched_off = array(select unnest(s.switched_off) except all select unnest($2)) || $3',
            (select string_agg(format('%1$I = ($1).%1$I', c.name), ', ') from unnest(v_changed) as c (name))
        ) using new, v_changed, v_off;
    end if;
    return new;
end;
$$;

create or replace trigger settings_are_stored
instead of insert or update or delete on duplication.settings
for each row execute function _duplication.store_settings();

create or replace function _duplication.check_call(p_duplication duplication.duplications, p_level text) returns text
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: whether a level may be worked on now, and which work comes first.
-- Parameters: p_duplication; p_level, null for the one that it has come to.
-- Returns: 'start' (the duplication is pending), 'plan' (its tree is not planned), 'copy', 'done' (nothing to do).
-- Errors: UD002, UD006, UD007, UD008.
declare
    v_id bigint := p_duplication.id;
begin
    if p_level is not null and not _duplication.has_level(v_id, p_level) then
        perform _duplication.resolve_level(p_duplication.tree, p_level);
        raise exception using
            errcode = 'UD002',
            message = format('duplication %s was started without level %s', v_id, p_level),
            hint = 'A run keeps the levels that its tree had then. Request a new one for the others.';
    end if;
    if p_duplication.traits ? 'whole' then
        return 'done';
    elsif not p_duplication.traits ? 'active' then
        perform _duplication.raise_wrong_status(p_duplication, 'copied');
    elsif not p_duplication.traits ? 'startable' and exists (
        select from _duplication.level_runs as r
        where r.duplication_id = v_id and r.level = p_level and r.completed_at is not null
    ) then
        return 'done';
    end if;
    if not (select s.enabled from duplication.settings as s) then
        raise exception using
            errcode = 'UD008',
            message = 'duplication is switched off',
            hint = 'Switch it on with: update duplication.settings set enabled = true. Requests are kept meanwhile.';
    end if;

    if p_duplication.traits ? 'startable' then
        -- the order of the levels is known once their runs are created
        return 'start';
    end if;
    perform _duplication.check_order(v_id, p_level);
    if exists (select from _duplication.level_runs as r where r.duplication_id = v_id and r.planned_at is null) then
        return 'plan';
    end if;
    return 'copy';
end;
$$;

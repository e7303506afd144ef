create or replace function _duplication.next_chore(p_except bigint[] default '{}')
returns table (chore text, duplication_id bigint)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: what is to be done by itself now, as the settings ask: finish a discard that was interrupted, discard what has
--   failed or was cancelled long ago, purge. Asked every few seconds: it looks at what is next, and at nothing else.
-- Parameters: p_except, duplications to leave out.
-- Returns: one row at most: 'discard' and a duplication, one begun before the longest overdue; or 'purge' and null.
-- Locks: none: two that ask at once may be told the same, which discard and purge put up with.
declare
    v_settings duplication.settings;
begin
    select s.* into v_settings from duplication.settings as s;
    select d.id into duplication_id
    from (
        values
        ('failed', v_settings.discard_failed_after),
        ('cancelled', v_settings.discard_cancelled_after),
        -- nobody but a person discards where no setting asks for it, and may want to look first at what stopped it
        ('discarding', case
            when coalesce(v_settings.discard_failed_after, v_settings.discard_cancelled_after) is not null then interval '0 s'
        end)
    ) as s (status, wait)
    cross join lateral (
        select d.id, coalesce(d.discarding_at, d.cancelled_at, d.failed_at) + s.wait as due
        from duplication.duplications as d
        where d.status = s.status and d.status in ('failed', 'cancelled', 'discarding')
            and d.id <> all(coalesce(p_except, '{}'))
            and (d.status <> 'discarding' or not _duplication.is_being_discarded(d.id))
        order by coalesce(d.discarding_at, d.cancelled_at, d.failed_at)
        limit 1
    ) as d
    where s.wait is not null and d.due <= clock_timestamp()
    order by s.status = 'discarding' desc, d.due
    limit 1;
    if found then
        chore := 'discard';
        return next;
        return;
    end if;

    chore := 'purge';
    if _duplication.next_to_purge() is not null or exists (
        select
        from (select e.created_at from duplication.events as e order by e.id limit 1) as e
        where e.created_at <= clock_timestamp() - v_settings.purge_events_after
    ) then
        return next;
    end if;
end;
$$;

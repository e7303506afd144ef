create or replace function _duplication.next_chore(p_except bigint[] default '{}')
returns table (chore text, duplication_id bigint)
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the next chore: to finish an interrupted discard, to discard a copy that failed or was cancelled long ago,
--   or to purge. Workers ask every few seconds, so it reads only the next candidate of each kind.
-- Parameters: p_except, duplications to leave out.
-- Returns: at most one row: 'discard' and a duplication, interrupted ones first, then the oldest; or 'purge' and null.
-- Locks: none. Two sessions may get the same chore; discard and purge can be called twice at once.
declare
    v_settings duplication.settings;
    v_except bigint[] := coalesce(p_except, '{}');
begin
    select s.* into v_settings from duplication.settings as s;
    select d.id into duplication_id
    from (
        (
            select d.id, d.failed_at + v_settings.discard_failed_after as due, false as is_begun
            from duplication.duplications as d
            where d.traits ? 'has_error' and d.id <> all(v_except)
            order by d.failed_at
            limit 1
        )
        union all
        (
            select d.id, d.cancelled_at + v_settings.discard_cancelled_after, false
            from duplication.duplications as d
            where d.traits ? 'given_up' and d.id <> all(v_except)
            order by d.cancelled_at
            limit 1
        )
        union all
        (
            select d.id, d.discarding_at, true
            from duplication.duplications as d
            where d.traits ? 'being_deleted' and d.id <> all(v_except)
                -- without these settings a person began the discard, and may want to see first what stopped it
                and coalesce(v_settings.discard_failed_after, v_settings.discard_cancelled_after) is not null
                and not _duplication.is_being_discarded(d.id)
            order by d.discarding_at
            limit 1
        )
    ) as d
    where d.due <= clock_timestamp()
    order by d.is_begun desc, d.due
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
